import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import pkg from "../package.json" with { type: "json" };
import { writeCut } from "../cli/gitops/commit-cut.ts";
import { commitCuts } from "../cli/gitops/commit-cuts.ts";
import { decide } from "../cli/gitops/core/decide.ts";
import { plan } from "../cli/gitops/core/plan.ts";
import { rollbackPolicyOf } from "../cli/gitops/core/rollback-policy.ts";
import type { Forge } from "../cli/gitops/core/ports.ts";
import type { Planner } from "../cli/gitops/draft-over.ts";
import { credentialsFor, gitTokenFor, gitUserOf } from "../cli/gitops/edges/git-remote/address.ts";
import { createGitRemote } from "../cli/gitops/edges/git-remote/git-remote.ts";
import { readAppSettings } from "../cli/gitops/edges/github/app-settings.ts";
import { createAppTokens, signingWith } from "../cli/gitops/edges/github/app-token.ts";
import type { Signing } from "../cli/gitops/edges/github/client.ts";
import { createGitHub } from "../cli/gitops/edges/github/github.ts";
import { turnOffTelemetry } from "../cli/gitops/edges/onnx/telemetry.ts";
import { readPlaces } from "../cli/gitops/edges/store/places.ts";
import { openWorkingTree } from "../cli/gitops/edges/working-tree.ts";
import { commitMessage } from "../cli/gitops/render/commit-message.ts";
import { renderChange } from "../cli/gitops/render/files.ts";
import { pullRequestBody } from "../cli/gitops/render/pull-request.ts";
import { rehearseRollback } from "../cli/gitops/rehearse.ts";
import { cutKey, type Cut } from "../schemas/cut.ts";
import { fail, ProblemError, type Problem } from "../schemas/problem.ts";
import { createRedactor } from "../schemas/secrets.ts";
import { isGitAddress, slugOnGitHub } from "../schemas/repository.ts";
import { readConfig, type Config } from "./config.ts";
import type { Source } from "./core/ports.ts";
import { openCutStore } from "./edges/cut-store.ts";
import { createMetrics } from "./edges/metrics.ts";
import { createOnnxRuntime } from "./edges/onnx/runtime.ts";
import { readArtifact } from "./edges/source/artifact.ts";
import { directorySource } from "./edges/source/directory.ts";
import { gitSource } from "./edges/source/git-branch.ts";
import { tokenFor } from "./edges/source/remote.ts";
import { createTriton, defaultTraffic } from "./edges/triton/triton.ts";
import { createUpstream } from "./edges/upstream/upstream.ts";
import { createGateway, type RunningGateway } from "./gateway.ts";
import { listen, type Listening } from "./listen.ts";
import { systemClock, writeLog } from "./log.ts";
import { oneByOne } from "./react/one-by-one.ts";
import type { Committer } from "./react/ports.ts";
import { whileAwaited } from "./react/while-awaited.ts";

/** How often a gateway that shares its store looks for the other's cuts, in milliseconds. */
const shareMs = 250;

/** How long the models may take at the start, in milliseconds: after that it listens, and is ready when all were tried. */
const startMs = 20_000;

/** Time for the answers of models on the event loop, each of which takes less than a millisecond. */
const answersMs = 10;
/** How long requests that run may take after the signal to stop, in milliseconds. */
const drainMs = 30_000;

/** How long a commit that is on its way may take then. What is stored is committed after the next start. */
const settleMs = 3000;

const notCommitted = {
  code: "cuts-not-committed",
  message: "cuts are not committed",
  hint: "set MMSP_REPOSITORY, and for one on GitHub GITHUB_TOKEN or MMSP_GITHUB_APP_ID with its key",
} satisfies Problem;

const userAgent = `mmsp-gateway/${pkg.version}`;

const planner: Planner = { plan, renderChange, commitMessage, pullRequestBody };

async function main(): Promise<void> {
  const config = readConfig(process.env);
  turnOffTelemetry();
  mkdirSync(config.dataDir, { recursive: true });
  // What an earlier life has left there belongs to nobody.
  const modelFolder = join(config.dataDir, `models-${config.roles}`);
  rmSync(modelFolder, { recursive: true, force: true });
  const store = openCutStore(join(config.dataDir, "cuts.sqlite"), config.environment);
  const reacts = config.roles !== "serve";
  const access = accessOf(config);
  const commit = reacts ? committerOf(config, access, () => running) : null;
  let listening: Listening | null = null;
  const running: RunningGateway = createGateway({
    environment: config.environment,
    settings: config.settings,
    source: sourceOf(config, access),
    runtime: createOnnxRuntime(),
    server: createTriton({ open: createUpstream, traffic: trafficOf(config) }),
    readArtifact: (...wanted) => readArtifact(...wanted, { read: readPlaces(process.env), folder: modelFolder }),
    store,
    metrics: createMetrics(),
    alertsToken: reacts ? config.alertsToken : null,
    decide,
    commit,
    problems: reacts && commit === null ? [notCommitted] : [],
    reacts,
    serves: config.roles !== "react",
    clock: systemClock,
    random: Math.random,
    log: writeLog,
    grpc: () => listening?.grpc ?? null,
  });
  const started = running.start();
  await Promise.race([started, Bun.sleep(startMs)]);
  if (reacts) rehearseRollback(planner);
  const sharing = config.roles === "all" ? undefined : setInterval(() => running.syncCuts(), shareMs);
  listening = await listen(running.gateway, pkg.version, config);
  const { url, grpc } = listening;
  const { environment } = config;
  writeLog("info", "listening", { url, grpc, environment, problems: running.gateway.table().problems });

  let stopping = false;
  const stop = async (why: string): Promise<void> => {
    if (stopping) return;
    stopping = true;
    writeLog("info", "stopping", { why });
    clearInterval(sharing);
    // Whoever sends this takes the traffic elsewhere meanwhile; a person at a terminal waits for the end.
    if (why === "SIGTERM") {
      running.stopBeingReady();
      await listening?.sendAway();
    }
    await Promise.race([listening?.stop(), Bun.sleep(drainMs)]);
    await Promise.race([running.stop(), Bun.sleep(settleMs)]);
    process.exit(0);
  };
  process.on("SIGTERM", () => void stop("SIGTERM"));
  process.on("SIGINT", () => void stop("SIGINT"));
  // Who started this gateway in the foreground is gone.
  if (!process.env["MMSP_DETACHED"]) process.on("disconnect", () => void stop("its parent ended"));
  await started;
  process.send?.({ url, grpc });
}

function trafficOf({ triton: { maxConnections, maxQueue } }: Config): typeof defaultTraffic {
  return {
    maxConnections: maxConnections ?? defaultTraffic.maxConnections,
    maxQueue: maxQueue ?? defaultTraffic.maxQueue,
  };
}

/** How GitHub knows this gateway. */
interface Access {
  readonly forge: string | Signing;
  /** For git over https. */
  readonly git: string | (() => Promise<string>);
}

/** `owner/name` on GitHub, also of an address there; null where nobody says, or where only git is spoken. */
function slugOf({ repository, githubApiUrl }: Config): string | null {
  return repository !== null && isGitAddress(repository) ? slugOnGitHub(repository, githubApiUrl) : repository;
}

/** The App that the variables name, else the token; null where there is neither, and none is needed for a folder. */
function accessOf(config: Config): Access | null {
  const { source, githubToken, githubApiUrl } = config;
  const repository = slugOf(config);
  if (source.kind === "dir" || (repository === null && config.repository !== null)) return null;
  const app = readAppSettings(process.env);
  if (app === null) return githubToken === null ? null : { forge: githubToken, git: githubToken };
  if (repository === null) {
    return fail({
      code: "config-invalid",
      path: "MMSP_REPOSITORY",
      message: "is missing: a GitHub App works on a repository",
      hint: "set it to OWNER/NAME",
    });
  }
  const tokens = createAppTokens(app, { repository, apiUrl: githubApiUrl, userAgent });
  return { forge: signingWith(tokens), git: tokens.get };
}

function sourceOf({ source, dataDir, roles, githubApiUrl }: Config, access: Access | null): Source {
  if (source.kind === "dir") return directorySource(source.root);
  const { url, branch, pollMs } = source;
  const github = tokenFor(url, access?.git ?? null, githubApiUrl);
  const token = github ?? gitTokenFor(url, process.env);
  const user = github === undefined ? { user: gitUserOf(process.env) } : {};
  // One each: git locks its repository, and a process takes what locks it finds there for its own of an earlier life.
  return gitSource({
    url,
    branch,
    pollMs,
    cacheDir: join(dataDir, `clone-${roles}.git`),
    ...(token && { token, ...user }),
  });
}

/** Where cuts are committed: GitHub, or a remote that only speaks git; null where nobody says, or GitHub's token is missing. */
function forgeOf(config: Config, access: Access | null, baseBranch: string): Forge | null {
  const { repository, githubApiUrl, dataDir, roles } = config;
  if (repository === null) return null;
  const slug = slugOf(config);
  if (slug === null) {
    const { env } = process;
    const identity = { name: "mmsp-gateway", email: "mmsp-gateway@localhost" };
    const cacheFolder = join(dataDir, `pushes-${roles}`);
    return createGitRemote({
      address: repository,
      baseBranch,
      cacheFolder,
      ...credentialsFor(repository, env),
      env,
      identity,
    });
  }
  if (access === null) return null;
  const options = { repository: slug, baseBranch, apiUrl: githubApiUrl, token: access.forge, userAgent };
  return createGitHub({ ...options, isHurried: true });
}

/** How cuts get into git: by edits of the directory that is followed, or on the branch through GitHub. */
function committerOf(config: Config, access: Access | null, running: () => RunningGateway): Committer | null {
  const { environment, source } = config;
  if (source.kind === "dir") {
    const tree = openWorkingTree(source.root);
    return oneByOne(async (cut, signal) => {
      // Answers that are on their way go out first: while a rollback is drafted, nothing else runs.
      await Bun.sleep(answersMs);
      signal.throwIfAborted();
      return writeCut(cut, tree, planner, new Date().toISOString());
    });
  }
  const forge = forgeOf(config, access, source.branch);
  if (forge === null) {
    writeLog("warn", `${notCommitted.message}: ${notCommitted.hint}`);
    return null;
  }
  // Better to hear now than at the first rollback that the token may not, and its client is loaded by then.
  forge.read({ models: ["rehearsal"], environments: [config.environment] }).catch((error: unknown) => {
    writeLog("warn", "cuts could not be committed now", { error });
  });
  const none = (): never => {
    throw new Error("a rollback brings no artifacts");
  };
  const artifacts = { read: none, store: none };
  const parts = {
    planner: { ...planner, known: () => running().documents() },
    artifacts,
    now: () => new Date(),
    random: Math.random,
  };
  const openedFor = (cut: Cut) => {
    const state = running()
      .openCuts()
      .find((entry) => cutKey(entry.cut) === cutKey(cut))?.state;
    return state?.kind === "waiting" ? state.pullRequest : null;
  };
  return (cuts, signal) => {
    const policy = rollbackPolicyOf(environment, running().gateway.table().policy);
    const awaited = whileAwaited({ ...forge, sleep: Bun.sleep }, signal);
    return commitCuts(
      cuts,
      { baseBranch: source.branch, ...policy, openedFor },
      { ...parts, forge: awaited, sleep: awaited.sleep },
    );
  };
}

try {
  await main();
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`error: ${createRedactor(process.env)(message)}\n`);
  if (!(error instanceof ProblemError)) writeLog("error", "the gateway failed at start", { error });
  process.exit(1);
}
