import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Effective } from "../../schemas/effective.ts";
import { paths, root } from "../../schemas/tree.ts";
import type { Names } from "./complete.ts";

/** Names become part of a command line that somebody is about to run: anything else than a name is left out. */
const namePattern = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;
const versionPattern = /^[1-9]\d{0,9}$/;
/** git lets much more stand in the name of a branch than a shell takes without quotes. */
const revisionPattern = /^\w[\w./@+-]*$/;

/**
 * Names of the working tree around `start`, from its folders alone: but for what only one document or git knows nothing is read,
 * as somebody waits with a finger on Tab. Empty outside of a project. `usual`: the environment where none is given.
 */
export function namesAround(start: string, usual: string): Names {
  const rootDir = findRoot(resolve(start));
  const folders = (path: string): readonly string[] => (rootDir === null ? [] : foldersIn(join(rootDir, path)));
  const named = (path: string): readonly string[] => folders(path).filter((name) => namePattern.test(name));
  const standing = async (model: string, environment: string | null): Promise<Effective | null> =>
    rootDir === null ? null : effectiveOf(rootDir, environment ?? usual, model).catch(() => null);
  return {
    environments: () =>
      named(root).filter((name) => rootDir !== null && existsSync(join(rootDir, paths.environment(name)))),
    models: () => named(`${root}/registry`),
    versions: (model) =>
      folders(`${root}/registry/${namePattern.test(model) ? model : "."}`)
        .filter((name) => versionPattern.test(name))
        .map(Number)
        .toSorted((a, b) => b - a),
    earlier: async (model, environment) => earlierVersions(await standing(model, environment)),
    served: async (model, environment) => servedVersions(await standing(model, environment)),
    revisions: async () => (rootDir === null ? [] : revisionsOf(rootDir).catch(() => [])),
  };
}

async function effectiveOf(rootDir: string, environment: string, model: string): Promise<Effective | null> {
  if (![environment, model].every((name) => namePattern.test(name))) return null;
  const [{ readTree }, { effective }] = await Promise.all([
    import("../../schemas/read-tree.ts"),
    import("../../schemas/effective.ts"),
  ]);
  const path = paths.deployment(environment, model);
  const { tree } = readTree(new Map([[path, readFileSync(join(rootDir, path), "utf8")]]));
  const deployment = tree.deployments.get(environment)?.get(model);
  return deployment === undefined ? null : effective(deployment);
}

/** As a rollback has it: the stable version where there is a canary to take out, and those that were stable before. */
function earlierVersions(standing: Effective | null): readonly number[] {
  if (standing === null) return [];
  const { stable, canary, previous } = standing;
  return canary === null || stable === null ? previous : [stable.version, ...previous];
}

/** The canary first: it is what a rollback takes out. */
function servedVersions(standing: Effective | null): readonly number[] {
  return [standing?.canary, standing?.stable].flatMap((entry) => (entry ? [entry.version] : []));
}

async function revisionsOf(rootDir: string): Promise<readonly string[]> {
  const { runGit } = await import("../gitops/edges/git-run.ts");
  // Of a reference to another, such as a remote's HEAD, git leaves an empty line.
  const format = "%(if)%(symref)%(then)%(else)%(refname:short)%(end)";
  const kinds = ["refs/heads", "refs/tags", "refs/remotes"];
  const names = await runGit(rootDir, ["for-each-ref", `--format=${format}`, ...kinds]);
  return ["HEAD", ...names.split("\n").filter((name) => revisionPattern.test(name))];
}

/** As `findRoot` of the working tree, which loads much more. */
function findRoot(start: string): string | null {
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, paths.project))) return folder;
    if (folder === dirname(folder)) return null;
  }
}

function foldersIn(path: string): readonly string[] {
  try {
    const entries = readdirSync(path, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
      .map((entry) => entry.name)
      .toSorted();
  } catch {
    return [];
  }
}
