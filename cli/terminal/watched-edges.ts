import { basename } from "node:path";
import type { Edges, Remote, Tree } from "../context.ts";
import { pullOf } from "../gitops/core/placement.ts";
import type { ArtifactStore, Forge } from "../gitops/core/ports.ts";
import type { Progress } from "./progress.ts";

/** So many documents take their time, read from the disk without a pause. */
const manyDocuments = 2000;

/** What the person is told while a method of an edge runs. A method that is not named here is not watched. */
type Steps<T> = {
  readonly [K in keyof T]?: T[K] extends (...args: infer A) => unknown ? (...args: A) => string : never;
};

/** The edges, each telling `progress` what it is at: so no command has to. */
export function watchEdges(edges: Edges, progress: Progress): Edges {
  const named = <T extends object>(target: T, steps: Steps<T>): T => watched(target, steps, progress);
  return {
    ...named(edges, {
      findToken: () => "looking for a GitHub token",
      inspectModel: (path) => `reading ${basename(path)} and trying one inference`,
      fetchReferred: (address) => `downloading ${basename(address)}`,
      readReadiness: ({ repository }) => `looking at the settings of ${repository}`,
      documentsAt: () => "asking git",
      readLive: (environment) => `asking the gateway of ${environment}`,
      readMetrics: (path) => `reading ${basename(path)}`,
      readBaseline: (path) => `reading ${basename(path)}`,
      gitFacts: () => "asking git",
      startGateway: ({ environment }) => `starting the gateway for ${environment}`,
    }),
    findTree: (start) => watchTree(edges.findTree(start), progress),
    openForge: async (remote) =>
      watchForge(
        await progress.during("looking for a GitHub token", () => edges.openForge(remote)),
        remote,
        named,
        progress,
      ),
    openStore: (store, root) =>
      named<ArtifactStore>(edges.openStore(store, root), {
        read: (key) => `reading ${basename(key)} from ${store}`,
        write: (key) => `storing ${basename(key)} in ${store}`,
      }),
  };
}

type Named = <T extends object>(target: T, steps: Steps<T>) => T;

function watchForge(forge: Forge, { repository }: Remote, named: Named, progress: Progress): Forge {
  const steps = named<Forge>(forge, {
    read: () => `reading ${repository}`,
    commit: ({ branch }) => `committing to ${branch} of ${repository}`,
    propose: ({ placement }) => {
      if (forge.proposes === "branches") return `pushing ${placement.branch} to ${repository}`;
      const open = pullOf(placement);
      if (open === null) return `opening a pull request in ${repository}`;
      return `updating pull request #${open.number ?? ""} of ${repository}`;
    },
    changedFiles: () => `looking at the open pull requests of ${repository}`,
    commentsOn: () => `looking at the open pull requests of ${repository}`,
    comment: (number) => `commenting on #${number} of ${repository}`,
    enableAutoMerge: (number) => `turning auto-merge on for #${number} of ${repository}`,
  });
  return {
    ...steps,
    async read(scope, ref) {
      const snapshot = await steps.read(scope, ref);
      progress.mark(scope.models === null ? "checking the documents" : "planning", snapshot.files.size > manyDocuments);
      return snapshot;
    },
  };
}

function watchTree(tree: Tree, progress: Progress): Tree {
  return {
    ...tree,
    async read(scope) {
      progress.mark("reading environments/");
      const snapshot = await tree.read(scope);
      progress.mark("planning", snapshot.files.size > manyDocuments);
      return snapshot;
    },
    async readEvery(kinds) {
      progress.mark("reading environments/");
      const every = await tree.readEvery(kinds);
      progress.mark(`checking ${every.files.size} documents`, every.files.size > manyDocuments);
      return every;
    },
    async readAll() {
      progress.mark("reading environments/");
      const files = await tree.readAll();
      progress.mark(`checking ${files.size} documents`, files.size > manyDocuments);
      return files;
    },
    write: async (files) => {
      progress.mark("writing the files");
      return tree.write(files);
    },
  };
}

function watched<T extends object>(target: T, steps: Steps<T>, progress: Progress): T {
  const around = Object.entries(steps as Record<string, (...args: unknown[]) => string>).map(([name, step]) => {
    const method = (target as Record<string, unknown>)[name] as (...args: unknown[]) => Promise<unknown>;
    return [name, (...args: unknown[]) => progress.during(step(...args), () => method(...args))] as const;
  });
  return { ...target, ...Object.fromEntries(around) };
}
