import { resolve } from "node:path";
import pkg from "../package.json" with { type: "json" };
import type { Context, Edges } from "./context.ts";
import { isTerminal, printError } from "./streams.ts";
import { createStyle, wantsColour } from "./style.ts";
import type { Progress } from "./terminal/progress.ts";
import { createStderr, type Stderr } from "./terminal/stderr.ts";
import { findRoot, openWorkingTree } from "./gitops/edges/working-tree.ts";
import type { openArtifactStore } from "./gitops/edges/artifact-store.ts";
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
}

/** Builds the real outside world. Everything heavy is imported by the edge that needs it, when it needs it. */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { env } = options;
  let signal: AbortSignal | undefined;
  const style = createStyle(isTerminal("stdout"), env);
  // Lines for it are coloured as the result is.
  const withoutColour = wantsColour(isTerminal("stderr"), env) ? (text: string) => text : Bun.stripANSI;
  const stderr = createStderr(printError, withoutColour);
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
    say: (line) => stderr.say(line),
    live: (line) => (progress === null ? stderr.live(line) : progress.yieldTo(() => stderr.live(line))),
    edges: progress === null ? createEdges(env) : await watched(createEdges(env), progress),
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

function createEdges(env: Variables): Edges {
  return {
    findTree: (start) => {
      const root = findRoot(start);
      return { root, ...openWorkingTree(root) };
    },
    findToken: async () => (await import("./gitops/edges/github/token.ts")).findToken(env),
    openForge: async (remote) => {
      const [{ createGitHub }, { requireToken, apiUrlOf }] = await Promise.all([
        import("./gitops/edges/github/github.ts"),
        import("./gitops/edges/github/token.ts"),
      ]);
      const token = await requireToken(env);
      return createGitHub({ ...remote, apiUrl: apiUrlOf(env), token, userAgent: `mmsp/${pkg.version}` });
    },
    inspectModel: async (path, order) => (await import("./gitops/edges/onnx/inspect.ts")).inspectModel(path, order),
    readMetrics: async (path) => (await import("./gitops/edges/metrics-file.ts")).readMetrics(path),
    readBaseline: async (path, order) => (await import("./gitops/edges/baseline.ts")).readBaseline(path, order),
    openStore: (store, root) =>
      artifactStores().openArtifactStore(
        store,
        root === null ? { readFile: () => outsideOfClone(store) } : { rootDir: root },
      ),
    gitFacts: async (dir) => (await import("./gitops/edges/git-facts.ts")).gitFacts(dir),
    startGateway: async (options) => (await import("./start-gateway.ts")).startGateway(options),
  };
}

/** Loaded where a store is opened, as the other edges are; opening one is no promise. */
function artifactStores(): { readonly openArtifactStore: typeof openArtifactStore } {
  return require("./gitops/edges/artifact-store.ts") as ReturnType<typeof artifactStores>;
}

async function outsideOfClone(store: string): Promise<never> {
  return fail({
    code: "store-in-repository",
    message: `the store "${store}" is inside the repository, and this is no clone of it`,
    hint: "run the command in a clone, with --local if you like",
  });
}
