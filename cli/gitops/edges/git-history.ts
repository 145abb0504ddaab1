import { oneLine } from "../../../schemas/plain-text.ts";
import { paths } from "../../../schemas/tree.ts";
import type { FileAt, FileChange, HistoryLog, HistoryScope, HistorySource } from "../core/history-port.ts";
import { pullRequestIn, type CommitFacts } from "../core/history.ts";
import { runGit } from "./git-run.ts";
import { readObjects } from "./git-objects.ts";

/** Which branch of a clone is meant, and where it stands. */
interface Branch {
  readonly source: string;
  readonly head: string;
  readonly isWhole: boolean;
  readonly notices: readonly string[];
}

/**
 * The history of the clone around `rootDir`, the folder that holds `environments/`: of the branch that is checked out where
 * that is the base branch, else of `origin`'s base branch, of the clone's own, and of what is checked out, the first that
 * is there. Only its own commits count (`--first-parent`): what a merge brought, counts from the merge.
 */
export function openGitHistory(rootDir: string, baseBranch: string): HistorySource {
  return {
    deployments: (scope) => deployments(rootDir, baseBranch, scope),
    // A path that starts with ./ is meant from the folder that git runs in.
    textsAt: (files: readonly FileAt[]) =>
      readObjects(
        rootDir,
        files.map(({ commit, path }) => `${commit}:./${path}`),
      ),
    async lastChanges(paths) {
      if (paths.length === 0) return new Map();
      const { head } = await findBranch(rootDir, baseBranch);
      const found = new Map<string, string>();
      for (const { path, commit } of await changesOf(rootDir, head, paths)) found.set(path, commit.at);
      return found;
    },
  };
}

/** Stands for a file that is no text: it is there, and reads as broken. */
const unreadable = "";

async function deployments(rootDir: string, baseBranch: string, scope: HistoryScope): Promise<HistoryLog> {
  const { models, environment } = scope;
  const branch = await findBranch(rootDir, baseBranch);
  const wanted = models.map((model) =>
    environment === null ? `:(glob)${paths.deployment("*", model)}` : paths.deployment(environment, model),
  );
  const changes = wanted.length === 0 ? [] : await changesOf(rootDir, branch.head, wanted);
  const oids = [...new Set(changes.flatMap(({ oid }) => oid ?? []))];
  const texts = await readObjects(rootDir, oids);
  const byOid = new Map(oids.map((oid, at) => [oid, texts[at] ?? null]));
  return {
    ...branch,
    changes: changes.map(({ path, commit, oid }): FileChange => {
      return { path, commit, text: oid === null ? null : (byOid.get(oid) ?? unreadable) };
    }),
  };
}

async function findBranch(rootDir: string, baseBranch: string): Promise<Branch> {
  const format = "--format=%(HEAD) %(objectname) %(refname:short)";
  const [shallow, refs] = await Promise.all([
    runGit(rootDir, ["rev-parse", "--is-shallow-repository", "--verify", "HEAD"]),
    runGit(rootDir, ["for-each-ref", format, `refs/remotes/origin/${baseBranch}`, `refs/heads/${baseBranch}`]),
  ]);
  const [isShallow = "", checkedOut = ""] = shallow.split("\n");
  const candidates = refs
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => ({ isCheckedOut: line.startsWith("*"), oid: line.slice(2).split(" ")[0] ?? "", line }))
    .map((ref) => ({ ...ref, name: ref.line.slice(3 + ref.oid.length) }));
  const chosen =
    candidates.find((ref) => ref.isCheckedOut) ??
    candidates.find((ref) => ref.name === `origin/${baseBranch}`) ??
    candidates[0];
  const notice = "the clone is shallow: what was before its oldest commit is not known (git fetch --unshallow)";
  return {
    source: chosen?.name ?? "HEAD",
    head: chosen?.oid ?? checkedOut,
    isWhole: isShallow !== "true",
    notices: isShallow === "true" ? [notice] : [],
  };
}

interface Change {
  readonly path: string;
  readonly commit: CommitFacts;
  /** Of the blob; null where the file was taken away. */
  readonly oid: string | null;
}

const fields = ["%H", "%ct", "%an", "%cn", "%s"];

/** Nothing of the person's configuration may change what is listed or how. */
const plain = ["-c", "log.follow=false", "-c", "log.showSignature=false", "-c", "core.commitGraph=true"];

/** Oldest first. Paths are from `rootDir`. */
async function changesOf(rootDir: string, head: string, pathspecs: readonly string[]): Promise<readonly Change[]> {
  const listing = ["--raw", "--no-abbrev", "--no-renames", "-z", "--relative", `--format=${fields.join("%x00")}`];
  const chain = ["--first-parent", "--diff-merges=first-parent", "--reverse"];
  const output = await runGit(rootDir, [...plain, "log", ...chain, ...listing, head, "--", ...pathspecs]);
  return parseLog(output);
}

/** Of each commit its fields, then of each file a record that starts with a colon and its path; NUL after all of them. */
function parseLog(output: string): readonly Change[] {
  const tokens = output.split("\0");
  const changes: Change[] = [];
  let position = 0;
  const next = (): string => tokens[position++] ?? "";
  while (position < tokens.length - 1) {
    const [oid, seconds, author, committer, subject] = [next(), next(), next(), next(), next()];
    const at = new Date(Number(seconds) * 1000).toISOString().replace(".000Z", "Z");
    const people = { author: oneLine(author), committer: oneLine(committer) };
    const commit = { oid, at, ...people, pullRequest: pullRequestIn(subject) };
    while (/^\n?:/.test(tokens[position] ?? "")) {
      const [, , , blob = "", status] = next().split(" ");
      changes.push({ path: next(), commit, oid: status === "D" ? null : blob });
    }
  }
  return changes;
}
