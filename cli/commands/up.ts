import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { UpOutput } from "../../schemas/output/up.ts";
import { fail, formatProblem } from "../../schemas/problem.ts";
import { readSettings } from "../../schemas/settings.ts";
import { isGitAddress, slugOnGitHub } from "../../schemas/repository.ts";
import type { Command } from "../command.ts";
import type { Context, GatewayOptions, GatewayProcess } from "../context.ts";
import { reading, shared, UsageError, wholeNumber, type Input } from "../flags.ts";
import type { GatewayStatus } from "../gitops/core/gateway-status.ts";
import type { Style } from "../style.ts";
import {
  clearState,
  dataDirOf,
  downCommand,
  isRunning,
  readState,
  sourceName,
  writeState,
  type RunningGateway,
} from "./running-gateway.ts";
import { remoteOf } from "./remote.ts";
import { knownEnvironment, looksAtGitHub } from "./target.ts";

export const up: Command = {
  summary: "Serve an environment on this machine, with embedded ONNX Runtime",
  usage: "[--env ENV] [--port P] [--grpc-port P] [--detach]",
  details:
    "Serves the working tree, and every change of it at once; with --repo a branch on GitHub, without a clone.\n" +
    "Until Ctrl-C, or with --detach until `mmsp down`.",
  flags: {
    env: shared.env,
    port: { type: "string", value: "P", help: "default 8080; 0: any free one" },
    "grpc-port": { type: "string", value: "P", help: "answer the inference protocol over gRPC, too; 0: any free port" },
    detach: { type: "boolean", help: "go on in the background, and say where the log is" },
    ...reading,
  },
  maxArgs: 0,
  examples: ["mmsp up", "mmsp up --env prod --port 9090 --detach", "mmsp up --repo acme/models --env prod"],

  async run(input, context) {
    // Taken over before anything is started that would have to be stopped.
    const { signal, style } = context;
    const ports = portsOf(input);
    // The gateway would say so too, in a log.
    readSettings(context.env);
    const environment = await knownEnvironment(input, context);
    const dataDir = await dataDirOf(environment, input, context);
    refuseSecond(environment, readState(dataDir), downCommand(input, environment));
    const detached = input.on("detach");
    const { token, tokenFile } = prepare(dataDir, context);
    const log = join(dataDir, "gateway.log");
    const gateway = await context.edges.startGateway({
      environment,
      ...ports,
      source: await sourceOf(input, context),
      dataDir,
      logFile: log,
      env: { MMSP_ALERTS_TOKEN: token, ...(await repositoryOf(input, context)) },
      detached,
      signal,
    });
    writeState(dataDir, { pid: gateway.pid, url: gateway.url, log });
    const { pid, url, grpc } = gateway;
    const { models, problems } = await gateway.status();
    const facts = {
      environment,
      url,
      grpc,
      pid,
      log,
      alertsTokenFile: tokenFile,
      models: models.map(shownModel),
      problems,
    };
    const json: UpOutput = { status: "serving", ...facts };
    const mark = problems.length === 0 ? style.green("✓") : style.yellow("!");
    const lines = [
      `${mark} serving ${style.bold(environment)} from ${await sourceName(input, context)}`,
      ...served(environment, { models, problems }, style),
      ...addressLines(gateway, style),
      `  log: ${log}`,
      `  token of /alerts: ${tokenFile}`,
    ];
    if (detached) {
      const text = [...lines, `  ${downCommand(input, environment)} stops it`, ""].join("\n");
      return { kind: "report", text, json, ok: true };
    }
    context.say(`${lines.join("\n")}\n  Ctrl-C stops it`);
    const stop = (): void => void gateway.stop();
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    const exitCode = await gateway.exited;
    clearState(dataDir);
    if (exitCode === 0)
      return { kind: "report", text: "stopped\n", json: { ...json, status: "stopped" } satisfies UpOutput, ok: true };
    return fail({
      code: "gateway-ended",
      message: `the gateway ended with exit code ${exitCode}`,
      hint: `its log: ${log}`,
    });
  },
};

function portsOf(input: Input): Pick<GatewayOptions, "port" | "grpcPort"> {
  const [port, grpcPort] = [portOf("port", input) ?? 8080, portOf("grpc-port", input)];
  if (port !== 0 && port === grpcPort) throw new UsageError(`--port and --grpc-port cannot both be ${port}`);
  return { port, grpcPort };
}

/** null: the flag is not given. */
function portOf(flag: "port" | "grpc-port", input: Input): number | null {
  const text = input.text(flag);
  if (text === undefined) return null;
  const port = wholeNumber(flag, text);
  if (port >= 0 && port <= 65_535) return port;
  throw new UsageError(`--${flag} takes a number from 0 to 65535, not ${port}`);
}

function refuseSecond(environment: string, running: RunningGateway | null, stopCommand: string): void {
  if (running === null || !isRunning(running)) return;
  const message = `a gateway for ${environment} runs already at ${running.url}`;
  fail({ code: "gateway-running", message, hint: `${stopCommand} stops it` });
}

/** The folder of the gateway's own files, with the token that senders of alerts need. */
function prepare(dataDir: string, context: Context): { readonly token: string; readonly tokenFile: string } {
  mkdirSync(dataDir, { recursive: true });
  // The folder may stand in a working tree, and the token in it is for nobody else.
  writeFileSync(join(dataDir, ".gitignore"), "*\n");
  const tokenFile = join(dataDir, "alerts.token");
  const token = context.env["MMSP_ALERTS_TOKEN"] || crypto.randomUUID();
  writeFileSync(tokenFile, `${token}\n`, { mode: 0o600 });
  return { token, tokenFile };
}

/** A gateway's own `/status` says much more, and of it people are told elsewhere. */
function shownModel({ model, stable, canary }: GatewayStatus["models"][number]): UpOutput["models"][number] {
  return {
    model,
    stable: stable && { version: stable.version },
    canary: canary && { version: canary.version, weight: canary.weight },
  };
}

function addressLines({ url, grpc }: Pick<GatewayProcess, "url" | "grpc">, style: Style): readonly string[] {
  const http = `  ${style.cyan(url)}  (POST /predict, GET /status, GET /metrics)`;
  return grpc === null ? [http] : [http, `  ${style.cyan(grpc)}  (gRPC: inference.GRPCInferenceService)`];
}

/** A line a model, and what the gateway could not take. */
function served(
  environment: string,
  { models, problems }: Pick<GatewayStatus, "models" | "problems">,
  style: Style,
): readonly string[] {
  const lines = models.map(({ model, stable, canary }) => {
    const parts = [
      stable === null ? "nothing stable" : `version ${stable.version}`,
      ...(canary === null ? [] : [`canary ${canary.version} at ${canary.weight} %`]),
    ];
    return `  ${model}: ${parts.join(", ")}`;
  });
  const none = `  nothing is deployed here yet: mmsp deploy NAME --version V --env ${environment} --local`;
  const notes = problems.map(
    (problem) => `  ${style.yellow("problem:")} ${formatProblem(problem).replace("\n", "\n  ")}`,
  );
  return [...(models.length === 0 && problems.length === 0 ? [none] : lines), ...notes];
}

async function sourceOf(input: Input, context: Context): Promise<GatewayOptions["source"]> {
  if (!looksAtGitHub(input)) return { dir: context.edges.findTree(context.cwd).root };
  const { repository, baseBranch } = await remoteOf(input, context);
  return { gitUrl: cloneUrl(repository, apiUrlOf(context)), branch: baseBranch };
}

/**
 * Where rollbacks go, and the App or the token to commit them with, found as the commands find it: the branch that is served. An
 * address on GitHub is GitHub's to the gateway, too; any other gets the variables of plain git. A tree on disk is edited in place
 * instead, and its gateway needs no token.
 */
async function repositoryOf(input: Input, context: Context): Promise<Record<string, string>> {
  if (!looksAtGitHub(input)) return {};
  const { repository } = await remoteOf(input, context);
  if (isGitAddress(repository) && slugOnGitHub(repository, apiUrlOf(context)) === null) {
    return { MMSP_REPOSITORY: repository, ...given(context, /^MMSP_GIT_(TOKEN|USER)$/) };
  }
  const asApp = given(context, /^MMSP_GITHUB_APP_/);
  if (Object.keys(asApp).length > 0) return { MMSP_REPOSITORY: repository, ...asApp };
  const token = await context.edges.findToken();
  if (token !== null) return { MMSP_REPOSITORY: repository, GITHUB_TOKEN: token };
  const { yellow } = context.style;
  context.say(`${yellow("warning:")} without a GitHub token rollbacks stop traffic, but will not be committed`);
  context.say(
    '  hint: run `gh auth login`, or set GITHUB_TOKEN ("Contents: write", "Pull requests: write"), then up again',
  );
  return { MMSP_REPOSITORY: repository };
}

/** Variables of these names, without empty ones. */
function given({ env }: Context, names: RegExp): Record<string, string> {
  const found = Object.entries(env).filter(([name]) => names.test(name));
  return Object.fromEntries(found.flatMap(([name, value]) => (value ? [[name, value]] : [])));
}

function apiUrlOf({ env }: Context): string {
  return env["GITHUB_API_URL"]?.trim() || "https://api.github.com";
}

/** `https://api.github.com` -> `https://github.com/…`; `https://HOST/api/v3` of an Enterprise Server -> `https://HOST/…`. */
function cloneUrl(repository: string, apiUrl: string): string {
  if (isGitAddress(repository)) return repository;
  const host = apiUrl
    .replace(/\/+$/, "")
    .replace(/\/api\/v3$/, "")
    .replace("://api.github.com", "://github.com");
  return `${host}/${repository}.git`;
}
