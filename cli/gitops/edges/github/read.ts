import { fail, ProblemError, type Problem } from "../../../../schemas/problem.ts";
import { isDocument, meantPath, paths, root } from "../../../../schemas/tree.ts";
import type { RemoteSnapshot, Scope } from "../../core/ports.ts";
import { readProposals } from "./proposals.ts";
import { filesOf, readQuery, type CommitAnswer, type FileEntry, type FolderEntry, type ReadAnswer } from "./query.ts";
import { readEverything } from "./read-everything.ts";
import { attemptAt, type Repository } from "./repository.ts";
import { textOf } from "./text.ts";

/** One state of a branch, in one call however many models are named; a read of every model takes more (see readEverything). */
export async function readSnapshot(
  repository: Repository,
  scope: Scope,
  branch = repository.baseBranch,
): Promise<RemoteSnapshot> {
  const { owner, name, slug, baseBranch, known } = repository;
  const attempt = attemptAt(repository, `reading ${slug}`, "Contents: read, Pull requests: read");
  const { repository: answer } = await repository.client.attempt(attempt, (octokit) =>
    octokit.graphql<ReadAnswer>(readQuery(scope), {
      owner,
      name,
      ref: `refs/heads/${branch}`,
      base: baseBranch,
    }),
  );
  const commit = answer.ref?.target ?? branchMissing(slug, branch, answer.defaultBranchRef?.name);
  known.id = answer.id;
  known.trees.set(commit.oid, commit.tree.oid);

  const proposals = await readProposals(repository, scope.proposals ?? noProposals, answer);
  const documents =
    scope.models === null
      ? { files: await readEverything(repository, commit.names?.object?.oid), unreadable: [] }
      : documentsOf(commit, scope.models, scope);
  return { head: commit.oid, ...documents, ...proposals, ...namesOf(commit.names) };
}

const noProposals = { branches: [], searches: [], all: false } as const;

function branchMissing(slug: string, branch: string, defaultBranch: string | undefined): never {
  const hint =
    defaultBranch === undefined
      ? "the repository is empty: push a first commit to it"
      : `its default branch is "${defaultBranch}": see spec.baseBranch in ${paths.project}, or give --base`;
  return fail({ code: "branch-not-found", message: `${slug} has no branch "${branch}"`, hint });
}

type Entry = readonly [path: string, entry: FileEntry | null];

function documentsOf(
  commit: CommitAnswer,
  models: readonly string[],
  { environments, deploymentsOf = [] }: Scope,
): Pick<RemoteSnapshot, "files" | "unreadable"> {
  const known = filesOf(models, environments).map((path, at): Entry => [path, commit[`f${at}`] ?? null]);
  const registry = models.flatMap((model, at) => documentsBelow(`${root}/registry/${model}`, commit[`r${at}`] ?? null));
  const deployments = deploymentsOf.flatMap((environment, at) =>
    documentsBelow(`${root}/${environment}/models`, commit[`d${at}`] ?? null),
  );
  const files = new Map<string, string>();
  const unreadable: Problem[] = [];
  for (const [path, entry] of [...known, ...registry, ...deployments]) {
    try {
      const text = textOf(path, entry);
      if (text !== null) files.set(path, text);
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      unreadable.push(...error.problems);
    }
  }
  return { files, unreadable };
}

/** Of the folders in a folder: versions of a model, models of an environment. */
function documentsBelow(path: string, folder: FolderEntry | null): readonly Entry[] {
  return (folder?.object?.entries ?? []).flatMap((subfolder) =>
    (subfolder.object?.entries ?? []).flatMap((entry): readonly Entry[] => {
      const place = `${path}/${subfolder.name}/${entry.name}`;
      return isDocument(meantPath(place)) ? [[place, entry]] : [];
    }),
  );
}

/** An environment is a folder with an environment.yaml in it; a model is a folder of the registry. */
function namesOf(folder: FolderEntry | null): Pick<RemoteSnapshot, "environmentNames" | "modelNames"> {
  const entries = folder?.object?.entries ?? [];
  const registry = entries.find((entry) => entry.name === "registry");
  return {
    environmentNames: entries
      .filter((entry) => entry.object?.entries?.some((file) => file.name === "environment.yaml"))
      .map((entry) => entry.name)
      .toSorted(),
    modelNames: (registry?.object?.entries ?? [])
      .filter((entry) => entry.type === "tree")
      .map((entry) => entry.name)
      .toSorted(),
  };
}
