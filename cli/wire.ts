import { resolve } from "node:path";
import pkg from "../package.json" with { type: "json" };
import type { Context, Edges, Remote } from "./context.ts";
import { isTerminal, printError } from "./streams.ts";
import { createStyle, wantsColour } from "./style.ts";
import type { Progress } from "./terminal/progress.ts";
import { createStderr, type Stderr } from "./terminal/stderr.ts";
import { findRoot, openWorkingTree } from "./gitops/edges/working-tree.ts";
import type { openArtifactStore } from "./gitops/edges/store/open.ts";
import { createRedactor } from "../schemas/secrets.ts";
import type { ArgoCd } from "./gitops/core/argocd-port.ts";
import type { GatewayAnswer } from "./gitops/core/gateway-status.ts";
import type { Forge } from "./gitops/core/ports.ts";
import { fail } from "../schemas/problem.ts";
import { isGitAddress, repositoryAt, slugOnGitHub } from "../schemas/repository.ts";

type Variables = Readonly<Record<string, string | undefined>>;

/** What a command runs in, and the end of it. */
interface Session {
  readonly context: Context;
  /** Leaves the terminal as it was: nothing is drawn any more. */
  finish(): void;
}

interface SessionOptions {
  readonly env: Variables;
  readonly cwd: string;
  readonly interrupted: () => AbortSignal;
  /** Shows every HTTP call on stderr. */
  readonly verbose: boolean;
  /** The command has a --local, which hints may name. */
  readonly offersLocal: boolean;
}

type Offers = Pick<SessionOptions, "offersLocal">;

/** Builds the real outside world. Everything heavy is imported by the edge that needs it, when it needs it. */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { env } = options;
  let signal: AbortSignal | undefined;
  const style = createStyle(isTerminal("stdout"), env);
  // Lines for it are coloured as the result is.
  const withoutColour = wantsColour(isTerminal("stderr"), env) ? (text: string) => text : Bun.stripANSI;
  const redact = createRedactor(env);
  const stderr = createStderr((text) => printError(redact(text)), withoutColour);
  const progress = isTerminal("stderr") && env["TERM"] !== "dumb" ? await progressOn(stderr) : null;
  if (options.verbose) await traceHttp((line) => stderr.say(style.dim(line)));
  const context: Context = {
    cwd: resolve(options.cwd),
    env,
    // Ctrl-C is caught only from when a command asks for it: any other is to end at once, not to ignore the first.
    get signal() {
      return (signal ??= options.interrupted());
    },
    get isTerminal() {
      return isTerminal("stderr") && isTerminal("stdout");
    },
    printsToTerminal: isTerminal("stdout"),
    style,
    now: () => new Date(),
    print: (text) => new Promise((resolve) => process.stdout.write(redact(text), (error) => resolve(!error))),
    say: (line) => stderr.say(line),
    live: (line) => (progress === null ? stderr.live(line) : progress.yieldTo(() => stderr.live(line))),
    edges: progress === null ? createEdges(env, options) : await watched(createEdges(env, options), progress),
  };
  return { context, finish: () => progress?.stop() };
}

/** What is drawn is loaded where there is a terminal to draw it on. */
async function progressOn(stderr: Stderr): Promise<Progress> {
  const { createProgress } = await import("./terminal/progress.ts");
  return createProgress({
    live: (line) => stderr.live(line),
    now: () => performance.now(),
    every(ms, call) {
      const timer = setInterval(call, ms);
      // A line that is drawn is no reason to go on.
      timer.unref();
      return () => clearInterval(timer);
    },
    columns: () => process.stderr.columns || 80,
  });
}

async function watched(edges: Edges, progress: Progress): Promise<Edges> {
  return (await import("./terminal/watched-edges.ts")).watchEdges(edges, progress);
}

/** Every edge, and every library below one, calls this `fetch`: so no call can be forgotten. */
async function traceHttp(say: (line: string) => void): Promise<void> {
  const { formatCall, traceFetch } = await import("./terminal/trace.ts");
  globalThis.fetch = traceFetch(
    globalThis.fetch,
    (call) => say(formatCall(call)),
    () => performance.now(),
  );
}

function createEdges(env: Variables, offers: Offers): Edges {
  const inClone = offers.offersLocal ? "run it in a clone, with --local and without --repo" : withoutRepo;
  return {
    findTree: (start) => {
      const root = findRoot(start);
      return { root, ...openWorkingTree(root) };
    },
    findToken: async () => (await import("./gitops/edges/github/token.ts")).findToken(env),
    openForge: async (remote) => {
      const onGitHub = await slugOf(remote.repository, env);
      if (onGitHub === null) return openGitRemote(remote, env);
      const { createGitHub } = await import("./gitops/edges/github/github.ts");
      return createGitHub(await accessTo(remote, env, offers, withoutRepo));
    },
    readReadiness: async (remote) => {
      const { readReadiness } = await import("./gitops/edges/github/readiness.ts");
      return readReadiness(await accessTo(remote, env, offers, nothingToCheck));
    },
    openHistory: async (from) => {
      if ("root" in from) {
        return (await import("./gitops/edges/git-history.ts")).openGitHistory(from.root, from.baseBranch);
      }
      const { createGitHubHistory } = await import("./gitops/edges/github/history.ts");
      return createGitHubHistory(await accessTo(from, env, offers, inClone));
    },
    documentsAt: async (root, revision, known) =>
      (await import("./gitops/edges/git-documents.ts")).documentsAt(root, revision, known),
    fileSizes: async (from, paths) => {
      if ("root" in from) return (await import("./gitops/edges/file-sizes.ts")).fileSizes(from.root, paths);
      const { fileSizes } = await import("./gitops/edges/github/file-sizes.ts");
      return fileSizes(await accessTo(from.remote, env, offers, inClone), from.commit, paths);
    },
    openStoreFiles: async (store) => (await import("./gitops/edges/store/files.ts")).openStoreFiles(store, env),
    openMlflow: async () => (await import("./gitops/edges/mlflow/open.ts")).openMlflow(env, `mmsp/${pkg.version}`),
    watchTree: async (root, changed) => (await import("./gitops/edges/watch-tree.ts")).watchTree(root, changed),
    watchBranch: async (remote) => {
      const { watchBranch } = await import("./gitops/edges/github/watch-branch.ts");
      return watchBranch(await accessTo(remote, env, offers, withoutRepo));
    },
    readLive: async (environment, address) =>
      (await import("./gitops/core/live.ts")).liveOf(environment, address, await readGateway(address)),
    inspectModel: async (path, order) => (await import("./gitops/edges/onnx/inspect.ts")).inspectModel(path, order),
    fetchReferred: async (address) => (await import("./gitops/edges/store/referred.ts")).fetchReferred(address),
    readMetrics: async (path) => (await import("./gitops/edges/metrics-file.ts")).readMetrics(path),
    readBaseline: async (path, order) => (await import("./gitops/edges/baseline.ts")).readBaseline(path, order),
    openStore: (store, root) =>
      artifactStores().openArtifactStore(
        store,
        root === null ? { readFile: () => outsideOfClone(store) } : { rootDir: root },
        env,
      ),
    gitFacts: async (dir) => (await import("./gitops/edges/git-facts.ts")).gitFacts(dir),
    repositoryAt: async (remote) =>
      repositoryAt(remote, (await import("./gitops/edges/github/token.ts")).apiUrlOf(env)),
    readGateway,
    openArgoCd: (address) => openArgoCd(address, env),
    startGateway: async (options) => (await import("./start-gateway.ts")).startGateway(options),
  };
}

async function readGateway(address: string): Promise<GatewayAnswer> {
  return (await import("./gitops/edges/gateway-status.ts")).readGatewayStatus(address);
}

async function openArgoCd(address: string, env: Variables): Promise<ArgoCd> {
  const { createArgoCd } = await import("./gitops/edges/argocd/client.ts");
  return createArgoCd(address, env, { userAgent: `mmsp/${pkg.version}` });
}

/** Loaded where a store is opened, as the other edges are; opening one is no promise. */
function artifactStores(): { readonly openArtifactStore: typeof openArtifactStore } {
  return require("./gitops/edges/store/open.ts") as ReturnType<typeof artifactStores>;
}

/** Plain git, where the repository is on no GitHub. */
async function openGitRemote({ repository, baseBranch }: Remote, env: Variables): Promise<Forge> {
  const [{ createGitRemote }, { cacheFolder, credentialsFor }, { identityOf }] = await Promise.all([
    import("./gitops/edges/git-remote/git-remote.ts"),
    import("./gitops/edges/git-remote/address.ts"),
    import("./gitops/edges/git-remote/write.ts"),
  ]);
  const identity = await identityOf(env);
  const credentials = credentialsFor(repository, env);
  const folder = cacheFolder(repository, env);
  return createGitRemote({ address: repository, baseBranch, cacheFolder: folder, ...credentials, env, identity });
}

/** `owner/name` on GitHub, also of an address there; null where only git is spoken. */
async function slugOf(repository: string, env: Variables): Promise<string | null> {
  if (!isGitAddress(repository)) return repository;
  const { apiUrlOf } = await import("./gitops/edges/github/token.ts");
  return slugOnGitHub(repository, apiUrlOf(env));
}

const withoutRepo = "run the command in a clone, without --repo";
const nothingToCheck =
  "plain git shows no settings to check: mmsp needs no more there than that it may push branches below mmsp/";

/**
 * How the calls to a repository are made, with the App or the token that the variables name. `instead`: what a person does
 * where it is on no GitHub.
 */
async function accessTo(remote: Remote, env: Variables, offers: Offers, instead: string) {
  const [{ requireAccess }, { apiUrlOf }] = await Promise.all([
    import("./gitops/edges/github/access.ts"),
    import("./gitops/edges/github/token.ts"),
  ]);
  const repository = (await slugOf(remote.repository, env)) ?? notOnGitHub(remote.repository, instead);
  const options = { ...remote, repository, apiUrl: apiUrlOf(env), userAgent: `mmsp/${pkg.version}` };
  return { ...options, ...(await requireAccess(env, options, offers)) };
}

function notOnGitHub(repository: string, hint: string): never {
  return fail({
    code: "repository-not-on-github",
    message: `${repository} is plain git to mmsp, and this asks GitHub's API`,
    hint,
  });
}

async function outsideOfClone(store: string): Promise<never> {
  return fail({
    code: "store-in-repository",
    message: `the store "${store}" is inside the repository, and this is no clone of it`,
    hint: "run the command in a clone, with --local if you like",
  });
}
