import { mkdirSync, openSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { fail } from "../schemas/problem.ts";
import type { GatewayOptions, GatewayProcess } from "./context.ts";

const gatewayMain = new URL("../gateway/main.ts", import.meta.url).pathname;

/** Variables of this process that a gateway gets; its own are set by the options alone. */
const passed = [
  "PATH",
  "HOME",
  "TMPDIR",
  "LANG",
  "GITHUB_TOKEN",
  "GH_TOKEN",
  "GITHUB_API_URL",
  "SSL_CERT_FILE",
  "NODE_EXTRA_CA_CERTS",
];

/**
 * Starts a gateway as a process of its own and waits until it listens and has tried to load what it serves. Throws a
 * ProblemError with the end of its log where it ends before that.
 */
export async function startGateway(options: GatewayOptions): Promise<GatewayProcess> {
  mkdirSync(dirname(options.logFile), { recursive: true });
  const log = openSync(options.logFile, "a");
  const { promise: ready, resolve } = Promise.withResolvers<string>();
  const child = Bun.spawn([process.execPath, gatewayMain], {
    env: { ...inherited(), ...variables(options) },
    stdio: ["ignore", log, log],
    detached: options.detached,
    ipc: (message: unknown) => {
      if (typeof message === "object" && message !== null && "url" in message) resolve(String(message.url));
    },
  });
  const url = await Promise.race([ready, child.exited.then(() => null)]);
  if (url === null) return explain(options);
  if (options.detached) {
    child.disconnect();
    child.unref();
  }
  return {
    url,
    pid: child.pid,
    exited: child.exited,
    stop: async () => {
      child.kill("SIGTERM");
      await child.exited;
    },
  };
}

function inherited(): Record<string, string> {
  return Object.fromEntries(
    passed.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function variables(options: GatewayOptions): Record<string, string> {
  const { source } = options;
  return {
    MMSP_ENV: options.environment,
    MMSP_PORT: String(options.port),
    MMSP_DATA: options.dataDir,
    MMSP_DETACHED: options.detached ? "1" : "",
    ...("dir" in source ? { MMSP_DIR: source.dir } : { MMSP_GIT_URL: source.gitUrl, MMSP_GIT_BRANCH: source.branch }),
    ...options.env,
  };
}

function explain(options: GatewayOptions): never {
  const lines = readFileSync(options.logFile, "utf8").trimEnd().split("\n");
  const message = lines.findLast((line) => line.startsWith("error: "))?.slice("error: ".length);
  return fail({
    code: "gateway-failed",
    message: `the gateway did not start${message === undefined ? "" : `: ${message}`}`,
    hint: `its log: ${options.logFile}`,
  });
}
