import { resolve } from "node:path";
import pkg from "../package.json" with { type: "json" };
import type { Context, Edges, Remote } from "./context.ts";
import { startGateway } from "./start-gateway.ts";
import { createStyle } from "./style.ts";
import { findRoot, openWorkingTree } from "./gitops/edges/working-tree.ts";
import { openArtifactStore } from "./gitops/edges/artifact-store.ts";
import { gitFacts } from "./gitops/edges/git-facts.ts";
import { fail } from "../schemas/problem.ts";

type Variables = Readonly<Record<string, string | undefined>>;

/** Builds the real outside world. Everything heavy is imported by the edge that needs it, when it needs it. */
export function createContext(options: { env: Variables; cwd: string; interrupted: () => AbortSignal }): Context {
  const { env } = options;
  let signal: AbortSignal | undefined;
  const isTerminal = process.stderr.isTTY && process.stdout.isTTY;
  return {
    cwd: resolve(options.cwd),
    env,
    // Ctrl-C is caught only from when a command asks for it: any other is to end at once, not to ignore the first.
    get signal() {
      return (signal ??= options.interrupted());
    },
    isTerminal,
    style: createStyle(process.stdout.isTTY, env),
    now: () => new Date(),
    print: (text) => new Promise((resolve) => process.stdout.write(text, (error) => resolve(!error))),
    say: (line) => void process.stderr.write(`${line}\n`),
    live: (line) => void process.stderr.write(`\r\u001b[2K${line}`),
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
      const { createGitHub } = await import("./gitops/edges/github/github.ts");
      return createGitHub(await githubOptions(remote, env));
    },
    openHistory: async (from) => {
      if ("root" in from) {
        return (await import("./gitops/edges/git-history.ts")).openGitHistory(from.root, from.baseBranch);
      }
      const { createGitHubHistory } = await import("./gitops/edges/github/history.ts");
      return createGitHubHistory(await githubOptions(from, env));
    },
    documentsAt: async (root, revision, known) =>
      (await import("./gitops/edges/git-documents.ts")).documentsAt(root, revision, known),
    fileSizes: async (from, paths) => {
      if ("root" in from) return (await import("./gitops/edges/file-sizes.ts")).fileSizes(from.root, paths);
      const { fileSizes } = await import("./gitops/edges/github/file-sizes.ts");
      return fileSizes(await githubOptions(from.remote, env), from.commit, paths);
    },
    openStoreFiles: async (store) => (await import("./gitops/edges/store-files.ts")).openStoreFiles(store, env),
    watchTree: async (root, changed) => (await import("./gitops/edges/watch-tree.ts")).watchTree(root, changed),
    watchBranch: async (remote) => {
      const { watchBranch } = await import("./gitops/edges/github/watch-branch.ts");
      return watchBranch(await githubOptions(remote, env));
    },
    readLive: async (environment, address) =>
      (await import("./gitops/edges/gateway-status.ts")).readLive(environment, address),
    inspectModel: async (path, order) => (await import("./gitops/edges/onnx/inspect.ts")).inspectModel(path, order),
    readMetrics: async (path) => (await import("./gitops/edges/metrics-file.ts")).readMetrics(path),
    readBaseline: async (path, order) => (await import("./gitops/edges/baseline.ts")).readBaseline(path, order),
    openStore: (store, root) =>
      openArtifactStore(store, root === null ? { readFile: () => outsideOfClone(store) } : { rootDir: root }),
    gitFacts,
    startGateway,
  };
}

/** How GitHub is reached; throws a ProblemError where there is no token. */
async function githubOptions(remote: Remote, env: Variables) {
  const { requireToken, apiUrlOf } = await import("./gitops/edges/github/token.ts");
  const token = await requireToken(env);
  return { ...remote, apiUrl: apiUrlOf(env), token, userAgent: `mmsp/${pkg.version}` };
}

async function outsideOfClone(store: string): Promise<never> {
  return fail({
    code: "store-in-repository",
    message: `the store "${store}" is inside the repository, and this is no clone of it`,
    hint: "run the command in a clone, with --local if you like",
  });
}
