import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname } from "node:path";
import { gatewayCommand } from "./executable/self.ts";
import { fail } from "../schemas/problem.ts";
import type { GatewayOptions, GatewayProcess } from "./context.ts";
import { passedOn } from "./gateway-environment.ts";
import type { GatewayStatus } from "./gitops/core/gateway-status.ts";
import { readGatewayStatus } from "./gitops/edges/gateway-status.ts";

/** What a gateway tells its parent when it serves. */
type Addresses = Pick<GatewayProcess, "url" | "grpc">;

/**
 * Starts a gateway as a process of its own and waits until it listens and has tried to load what it serves. Throws a
 * ProblemError where the port is taken, where it was interrupted, and with the end of the log where the gateway ends first.
 */
export async function startGateway(options: GatewayOptions): Promise<GatewayProcess> {
  const { signal } = options;
  await requireFree("--port", options.port);
  await requireFree("--grpc-port", options.grpcPort);
  mkdirSync(dirname(options.logFile), { recursive: true });
  const log = openSync(options.logFile, "a");
  const { promise: ready, resolve } = Promise.withResolvers<Addresses>();
  const child = Bun.spawn([...gatewayCommand()], {
    env: { ...passedOn(process.env), ...variables(options) },
    stdio: ["ignore", log, log],
    detached: options.detached,
    ipc: (message: unknown) => {
      if (typeof message === "object" && message !== null && "url" in message) resolve(message as Addresses);
    },
  });
  closeSync(log);
  const interrupt = (): void => child.kill("SIGTERM");
  if (signal.aborted) interrupt();
  signal.addEventListener("abort", interrupt, { once: true });
  const addresses = await Promise.race([ready, child.exited.then(() => null)]);
  signal.removeEventListener("abort", interrupt);
  if (signal.aborted) {
    await child.exited;
    return fail({
      code: "interrupted",
      message: "interrupted before the gateway was up; it is stopped",
      hint: "run the command again",
    });
  }
  if (addresses === null) return explain(options);
  if (options.detached) {
    child.disconnect();
    child.unref();
  }
  const { url, grpc } = addresses;
  return {
    url,
    grpc,
    pid: child.pid,
    exited: child.exited,
    stop: async () => {
      child.kill("SIGTERM");
      await child.exited;
    },
    status: () => statusOf(url, options),
  };
}

async function statusOf(url: string, { logFile }: GatewayOptions): Promise<GatewayStatus> {
  const answer = await readGatewayStatus(url);
  if (!("error" in answer)) return answer;
  const message = `the gateway at ${url} does not say what it serves: ${answer.error}`;
  return fail({ code: "gateway-silent", message, hint: `its log: ${logFile}` });
}

/** Stops where the port that a flag names is taken. */
async function requireFree(flag: string, port: number | null): Promise<void> {
  if (port === null || port === 0 || (await isFree(port))) return;
  fail({ code: "port-taken", message: `port ${port} is taken`, hint: `name another with ${flag}; 0 is any free one` });
}

/** Asked beforehand: the server shares a port with whoever else is willing to, so it would not notice. */
async function isFree(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer();
  server.once("error", () => resolve(false));
  server.listen({ host: "127.0.0.1", port, exclusive: true }, () => server.close(() => resolve(true)));
  return promise;
}

function variables(options: GatewayOptions): Record<string, string> {
  const { source } = options;
  return {
    MMSP_ENV: options.environment,
    MMSP_PORT: String(options.port),
    MMSP_GRPC_PORT: options.grpcPort === null ? "" : String(options.grpcPort),
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
