import { expect, test } from "bun:test";
import { passedOn } from "../../cli/gateway-environment.ts";

test("a gateway gets what it takes to reach a server: proxies, certificates, the agent that holds keys, a bucket", () => {
  const reaching = {
    PATH: "/bin",
    HTTPS_PROXY: "http://proxy:3128",
    https_proxy: "http://proxy:3128",
    NO_PROXY: "127.0.0.1",
    SSH_AUTH_SOCK: "/run/agent",
    GIT_SSL_CAINFO: "/etc/ca.pem",
    GIT_SSL_NO_VERIFY: "1",
    SSL_CERT_FILE: "/etc/ca.pem",
    SSL_CERT_DIR: "/etc/certs",
    NODE_EXTRA_CA_CERTS: "/etc/ca.pem",
    GITHUB_API_URL: "https://git.example.com/api/v3",
    AWS_ACCESS_KEY_ID: "id",
    AWS_SECRET_ACCESS_KEY: "k",
    AWS_ENDPOINT_URL_S3: "http://minio:9000",
  };
  expect(passedOn({ ...reaching, LANG: undefined })).toEqual(reaching);
});

test("a gateway heeds the settings that the shell overrides, and is told its repository by whoever starts it", () => {
  const settings = { MMSP_STEPS: "5", MMSP_ARTIFACT_STORE: "s3://b", MMSP_SLO_DRIFT: "1", MMSP_GATEWAY_REPLICAS: "2" };
  const triton = { MMSP_TRITON_URL: "http://t", MMSP_TRITON_MAX_CONNECTIONS: "8", MMSP_TRITON_MAX_QUEUE: "0" };
  expect(passedOn(triton)).toEqual(triton);
  expect(passedOn({ ...settings, MMSP_REPOSITORY: "acme/models", MMSP_BASE_BRANCH: "main" })).toEqual(settings);
});

test("tokens and its own variables it gets from whoever starts it, not from the shell", () => {
  const shell = { GITHUB_TOKEN: "t", GH_TOKEN: "t", MMSP_DIR: "/x", GIT_DIR: "/x" };
  expect(passedOn(shell)).toEqual({});
});
