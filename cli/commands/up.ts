import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fail } from "../../schemas/problem.ts";
import type { Command } from "../command.ts";
import type { Context, GatewayOptions } from "../context.ts";
import { shared, wholeNumber, type Input } from "../flags.ts";
import { clearState, dataDirOf, isRunning, readState, sourceName, writeState } from "./gateway-state.ts";
import { environmentOf, remoteOf } from "./target.ts";

export const up: Command = {
  summary: "Serve an environment on this machine, with embedded ONNX Runtime",
  usage: "[--env ENV] [--port P] [--detach]",
  details:
    "Serves the working tree, and every change of it at once; with --repo a branch on GitHub, without a clone.\n" +
    "Until Ctrl-C, or with --detach until `mmsp down`.",
  flags: {
    env: shared.env,
    port: { type: "string", value: "P", help: "default 8080; 0: any free one" },
    detach: { type: "boolean", help: "go on in the background, and say where the log is" },
    repo: shared.repo,
    base: shared.base,
  },
  maxArgs: 0,
  examples: ["mmsp up", "mmsp up --env prod --port 9090 --detach", "mmsp up --repo acme/models --env prod"],

  async run(input, context) {
    const environment = environmentOf(input, context);
    const dataDir = await dataDirOf(input, context);
    const running = readState(dataDir);
    if (running !== null && isRunning(running)) {
      fail({
        code: "gateway-running",
        message: `a gateway for ${environment} runs already at ${running.url}`,
        hint: "mmsp down stops it",
      });
    }
    mkdirSync(dataDir, { recursive: true });
    // The folder may stand in a working tree, and the token in it is for nobody else.
    writeFileSync(join(dataDir, ".gitignore"), "*\n");
    const detached = input.on("detach");
    const tokenFile = join(dataDir, "alerts.token");
    const token = context.env["MMSP_ALERTS_TOKEN"] ?? crypto.randomUUID();
    writeFileSync(tokenFile, `${token}\n`, { mode: 0o600 });
    const log = join(dataDir, "gateway.log");
    const gateway = await context.edges.startGateway({
      environment,
      port: wholeNumber("port", input.text("port") ?? "8080"),
      source: await sourceOf(input, context),
      dataDir,
      logFile: log,
      env: { MMSP_ALERTS_TOKEN: token, ...(await repositoryOf(input, context)) },
      detached,
    });
    const source = await sourceName(input, context);
    const lines = [
      `${context.style.green("✓")} serving ${context.style.bold(environment)} from ${source}`,
      `  ${context.style.cyan(gateway.url)}  (POST /predict, GET /status, GET /metrics)`,
      `  log: ${log}`,
      `  token of /alerts: ${tokenFile}`,
    ];
    const json = {
      status: "serving",
      environment,
      url: gateway.url,
      pid: gateway.pid,
      log,
      alertsTokenFile: tokenFile,
    };
    if (detached) {
      writeState(dataDir, { pid: gateway.pid, url: gateway.url, log });
      return { kind: "report", text: `${[...lines, "  mmsp down stops it"].join("\n")}\n`, json, ok: true };
    }
    context.say(`${lines.join("\n")}\n  Ctrl-C stops it`);
    const stop = (): void => void gateway.stop();
    if (context.signal.aborted) stop();
    context.signal.addEventListener("abort", stop, { once: true });
    const exitCode = await gateway.exited;
    clearState(dataDir);
    if (exitCode === 0) return { kind: "report", text: "stopped\n", json: { ...json, status: "stopped" }, ok: true };
    return fail({
      code: "gateway-ended",
      message: `the gateway ended with exit code ${exitCode}`,
      hint: `its log: ${log}`,
    });
  },
};

async function sourceOf(input: Input, context: Context): Promise<GatewayOptions["source"]> {
  if (input.text("repo") === undefined) return { dir: context.edges.findTree(context.cwd).root };
  const { repository, baseBranch } = await remoteOf(input, context);
  return { gitUrl: cloneUrl(repository, context.env["GITHUB_API_URL"]), branch: baseBranch };
}

/** Where rollbacks go: the branch that is served. A tree on disk is edited in place instead. */
async function repositoryOf(input: Input, context: Context): Promise<Record<string, string>> {
  if (input.text("repo") === undefined) return {};
  const { repository } = await remoteOf(input, context);
  return { MMSP_REPOSITORY: repository };
}

/** `https://api.github.com` -> `https://github.com/…`; `https://HOST/api/v3` of an Enterprise Server -> `https://HOST/…`. */
function cloneUrl(repository: string, apiUrl = "https://api.github.com"): string {
  const host = apiUrl
    .replace(/\/+$/, "")
    .replace(/\/api\/v3$/, "")
    .replace("://api.github.com", "://github.com");
  return `${host}/${repository}.git`;
}
