/** Secrets of every kind, each with a text of its own, and a search for them that also knows what they look like in other clothes. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { makeAppKey } from "./app-key.ts";

const random = (length: number) => crypto.randomUUID().replaceAll("-", "").repeat(2).slice(0, length);

/** One in each place that a secret can come from. */
export const planted = {
  githubToken: `ghp_${random(36)}`,
  ghToken: `gho_${random(36)}`,
  fromGh: `gho_${random(36)}`,
  unknownToken: `github_pat_${random(40)}`,
  alerts: `alerts-${random(20)}`,
  mlflowToken: `mlflow-${random(20)}`,
  mlflowPassword: `mlflowpw-${random(20)}`,
  awsKey: `AKIA${random(16).toUpperCase()}`,
  awsSecret: `aws+/${random(32)}`,
  awsSession: `session-${random(32)}`,
  argocd: `argocd-${random(20)}`,
  proxy: `proxypw${random(16)}`,
  repoFlag: `repopw${random(16)}`,
  apiUrl: `apipw${random(16)}`,
  remote: `remotepw${random(16)}`,
  document: `yamlpw${random(16)}`,
  modelAddress: `modelpw${random(16)}`,
  gitUrl: `ghp_${random(36)}`,
} as const;

export const appKey = makeAppKey();

/** Variables with a secret in each that can hold one; the proxy is never asked for a server of this machine. */
export const secretVariables = {
  GITHUB_TOKEN: planted.githubToken,
  GH_TOKEN: planted.ghToken,
  MMSP_ALERTS_TOKEN: planted.alerts,
  MLFLOW_TRACKING_TOKEN: planted.mlflowToken,
  MLFLOW_TRACKING_PASSWORD: planted.mlflowPassword,
  MLFLOW_TRACKING_URI: `http://mlflow:${planted.mlflowPassword}@127.0.0.1:9`,
  ARGOCD_AUTH_TOKEN: planted.argocd,
  AWS_ACCESS_KEY_ID: planted.awsKey,
  AWS_SECRET_ACCESS_KEY: planted.awsSecret,
  AWS_SESSION_TOKEN: planted.awsSession,
  HTTP_PROXY: `http://proxy:${planted.proxy}@127.0.0.1:9`,
  HTTPS_PROXY: `http://proxy:${planted.proxy}@127.0.0.1:9`,
  NO_PROXY: "127.0.0.1,localhost",
} as const;

/** What of a key would tell it: each of its lines, however they are joined. */
const keyLines = appKey.privateKey.split("\n").filter((line) => line.length > 40);

/** Every planted secret, and what is made of it on the way: base64 and percent signs. */
const needles: readonly (readonly [name: string, text: string])[] = [
  ...Object.entries(planted).flatMap(([name, value]) => [
    [name, value] as const,
    [`${name} in base64`, Buffer.from(`x-access-token:${value}`).toString("base64")] as const,
    [`${name} escaped`, encodeURIComponent(value)] as const,
  ]),
  ...keyLines.map((line) => ["the App's key", line] as const),
];

/** Names of the secrets that a text holds; tokens of installations and signed tokens count, whatever is in them. */
export function secretsIn(text: string): readonly string[] {
  const found = needles.filter(([, needle]) => text.includes(needle)).map(([name]) => name);
  if (/ghs_[0-9a-f]{16}/.test(text)) found.push("an installation token");
  if (/eyJ[\w-]{10,}\.eyJ[\w-]{10,}\./.test(text)) found.push("a signed token");
  return [...new Set(found)];
}

/** Every file below a folder as text, by path; what is there for secrets alone is left out. */
export function textsBelow(folder: string, except: RegExp): readonly (readonly [path: string, text: string])[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => !except.test(name) && statSync(join(folder, name)).isFile())
    .map((name) => [name, readFileSync(join(folder, name), "latin1")] as const);
}

/** A server that is no GitHub: it answers everything with an error that repeats what it was sent, as some proxies do. */
export function startEcho(status = 422) {
  return Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const headers = JSON.stringify([...request.headers]);
      return Response.json(
        { message: `cannot do this: ${request.url} ${headers} ${await request.text()}` },
        { status },
      );
    },
  });
}
