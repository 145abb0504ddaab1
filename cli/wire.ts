import { resolve } from "node:path";
import pkg from "../package.json" with { type: "json" };
import type { Context, Edges, Remote } from "./context.ts";
import { startGateway } from "./start-gateway.ts";
import { createStyle } from "./style.ts";
import { findRoot, openWorkingTree } from "./gitops/edges/working-tree.ts";
import { openArtifactStore } from "./gitops/edges/artifact-store.ts";
import { gitFacts } from "./gitops/edges/git-facts.ts";
import type { Forge } from "./gitops/core/ports.ts";
import { fail } from "../schemas/problem.ts";
import { isGitAddress, slugOnGitHub } from "../schemas/repository.ts";

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
      const { apiUrlOf, requireToken } = await import("./gitops/edges/github/token.ts");
      const apiUrl = apiUrlOf(env);
      const onGitHub = isGitAddress(remote.repository) ? slugOnGitHub(remote.repository, apiUrl) : remote.repository;
      if (onGitHub === null) return openGitRemote(remote, env);
      const { createGitHub } = await import("./gitops/edges/github/github.ts");
      const token = await requireToken(env);
      return createGitHub({ ...remote, repository: onGitHub, apiUrl, token, userAgent: `mmsp/${pkg.version}` });
    },
    inspectModel: async (path, order) => (await import("./gitops/edges/onnx/inspect.ts")).inspectModel(path, order),
    readMetrics: async (path) => (await import("./gitops/edges/metrics-file.ts")).readMetrics(path),
    readBaseline: async (path, order) => (await import("./gitops/edges/baseline.ts")).readBaseline(path, order),
    openStore: (store, root) =>
      openArtifactStore(store, root === null ? { readFile: () => outsideOfClone(store) } : { rootDir: root }),
    gitFacts,
    startGateway,
  };
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

async function outsideOfClone(store: string): Promise<never> {
  return fail({
    code: "store-in-repository",
    message: `the store "${store}" is inside the repository, and this is no clone of it`,
    hint: "run the command in a clone, with --local if you like",
  });
}
