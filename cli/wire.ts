import { resolve } from "node:path";
import pkg from "../package.json" with { type: "json" };
import type { Context, Edges } from "./context.ts";
import { isColourful, isTerminal, printError } from "./streams.ts";
import { createStyle, type Style } from "./style.ts";
import { findRoot, openWorkingTree } from "./gitops/edges/working-tree.ts";
import type { openArtifactStore } from "./gitops/edges/artifact-store.ts";
import { gitFacts } from "./gitops/edges/git-facts.ts";
import { fail } from "../schemas/problem.ts";

type Variables = Readonly<Record<string, string | undefined>>;

/** Builds the real outside world. Everything heavy is imported by the edge that needs it, when it needs it. */
export function createContext(options: { env: Variables; cwd: string; interrupted: () => AbortSignal }): Context {
  const { env } = options;
  let signal: AbortSignal | undefined;
  let style: Style | undefined;
  return {
    cwd: resolve(options.cwd),
    env,
    // Ctrl-C is caught only from when a command asks for it: any other is to end at once, not to ignore the first.
    get signal() {
      return (signal ??= options.interrupted());
    },
    get isTerminal() {
      return isTerminal();
    },
    get style() {
      return (style ??= createStyle(isColourful(), env));
    },
    now: () => new Date(),
    say: (line) => printError(`${line}\n`),
    live: (line) => printError(`\r\u001b[2K${line}`),
    edges: createEdges(env),
  };
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
    gitFacts,
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
