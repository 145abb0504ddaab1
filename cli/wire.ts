import { resolve } from "node:path";
import pkg from "../package.json" with { type: "json" };
import type { Context, Edges } from "./context.ts";
import { isTerminal, printError, terminalColumns } from "./streams.ts";
import { createStyle, wantsColour } from "./style.ts";
import type { LiveTerminal } from "./terminal/live-terminal.ts";
import type { Progress } from "./terminal/progress.ts";
import { createStderr, type Stderr } from "./terminal/stderr.ts";
import { findRoot, openWorkingTree } from "./gitops/edges/working-tree.ts";
import type { openArtifactStore } from "./gitops/edges/store/open.ts";
import { createRedactor } from "../schemas/secrets.ts";
import type { ArgoCd } from "./gitops/core/argocd-port.ts";
import type { GatewayAnswer } from "./gitops/core/gateway-status.ts";
import { fail } from "../schemas/problem.ts";

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

/** Builds the real outside world. Everything heavy is imported by the edge that needs it, when it needs it. */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { env } = options;
  let signal: AbortSignal | undefined;
  const style = createStyle(isTerminal("stdout"), env);
  // Lines for it are coloured as the result is.
  const withoutColour = wantsColour(isTerminal("stderr"), env) ? (text: string) => text : Bun.stripANSI;
  const redact = createRedactor(env);
  const stderr = createStderr((text) => printError(redact(text)), withoutColour);
  const terminal = isTerminal("stderr") && env["TERM"] !== "dumb" ? await terminalOn(stderr) : null;
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
    get columns() {
      return terminalColumns();
    },
    style,
    now: () => new Date(),
    print: (text) => new Promise((resolve) => process.stdout.write(redact(text), (error) => resolve(!error))),
    say: (line) => stderr.say(line),
    onResize(call) {
      process.on("SIGWINCH", call);
      return () => void process.off("SIGWINCH", call);
    },
    live: (line) => (terminal ?? stderr).live(line),
    edges: terminal === null ? createEdges(env, options) : await watched(createEdges(env, options), terminal.progress),
  };
  return { context, finish: () => terminal?.close() };
}

/** What is drawn is loaded where there is a terminal to draw it on. */
async function terminalOn(stderr: Stderr): Promise<LiveTerminal> {
  return (await import("./terminal/live-terminal.ts")).openLiveTerminal(stderr);
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

function createEdges(env: Variables, offers: Pick<SessionOptions, "offersLocal">): Edges {
  const remotes = async () => (await import("./wire-remote.ts")).remoteEdges(env, offers);
  return {
    findTree: (start) => {
      const root = findRoot(start);
      return { root, ...openWorkingTree(root) };
    },
    findToken: async () => (await import("./gitops/edges/github/token.ts")).findToken(env),
    openForge: async (remote) => (await remotes()).openForge(remote),
    readReadiness: async (remote) => (await remotes()).readReadiness(remote),
    openHistory: async (from) => {
      if ("root" in from) {
        return (await import("./gitops/edges/git-history.ts")).openGitHistory(from.root, from.baseBranch);
      }
      return (await remotes()).openHistory(from);
    },
    behindUpstream: async (root) => (await import("./gitops/edges/behind-upstream.ts")).behindUpstream(root),
    documentsAt: async (root, revision, known) =>
      (await import("./gitops/edges/git-documents.ts")).documentsAt(root, revision, known),
    fileSizes: async (from, paths) => {
      if ("root" in from) return (await import("./gitops/edges/file-sizes.ts")).fileSizes(from.root, paths);
      return (await remotes()).fileSizes(from, paths);
    },
    openStoreFiles: async (store) => (await import("./gitops/edges/store/files.ts")).openStoreFiles(store, env),
    openMlflow: async () => (await import("./gitops/edges/mlflow/open.ts")).openMlflow(env, `mmsp/${pkg.version}`),
    watchTree: async (root, changed) => (await import("./gitops/edges/watch-tree.ts")).watchTree(root, changed),
    watchBranch: async (remote) => (await remotes()).watchBranch(remote),
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
    repositoryAt: async (remote) => {
      const [{ repositoryAt }, { apiUrlOf }] = await Promise.all([
        import("../schemas/repository.ts"),
        import("./gitops/edges/github/token.ts"),
      ]);
      return repositoryAt(remote, apiUrlOf(env));
    },
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

async function outsideOfClone(store: string): Promise<never> {
  return fail({
    code: "store-in-repository",
    message: `the store "${store}" is inside the repository, and this is no clone of it`,
    hint: "run the command in a clone, with --local if you like",
  });
}
