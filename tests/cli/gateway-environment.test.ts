import { expect, test } from "bun:test";
import { passedOn } from "../../cli/gateway-environment.ts";

test("a gateway gets what it takes to reach a server: proxies, certificates, the agent that holds keys", () => {
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
  };
  expect(passedOn({ ...reaching, LANG: undefined })).toEqual(reaching);
});

test("a gateway gets who it is to a bucket that models are in, and where that is", () => {
  const bucket = {
    AWS_ACCESS_KEY_ID: "id",
    AWS_SECRET_ACCESS_KEY: "secret",
    AWS_SESSION_TOKEN: "token",
    AWS_REGION: "eu-west-1",
    AWS_ENDPOINT_URL_S3: "https://minio.example.com",
    S3_ACCESS_KEY_ID: "id",
    S3_ENDPOINT: "https://minio.example.com",
  };
  expect(passedOn({ ...bucket, AWS_PROFILE: "work" })).toEqual(bucket);
});

test("tokens and its own variables it gets from whoever starts it, not from the shell", () => {
  const shell = { GITHUB_TOKEN: "t", GH_TOKEN: "t", NPM_TOKEN: "k", MMSP_DIR: "/x", GIT_DIR: "/x" };
  expect(passedOn(shell)).toEqual({});
});
