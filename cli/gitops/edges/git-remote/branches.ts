import type { OpenProposal } from "../../core/change.ts";
import { trailerOf } from "../../core/placement.ts";
import type { BranchCommit, BranchState, ProposalScope } from "../../core/ports.ts";
import type { Clone } from "./clone.ts";
import { ensureCommits, ensureFork, type Heads } from "./fetch.ts";

/** More commits than mmsp puts on a branch of its own: a branch with more holds somebody else's. */
const longestBranch = 20;

/**
 * mmsp's branches that a read has asked for. A remote without a forge tells of no merge requests, so every branch that is not
 * merged counts as an open proposal: what is on it is added to, or written anew, and never duplicated.
 */
export async function readBranches(
  clone: Clone,
  heads: Heads,
  { branches, searches }: ProposalScope,
): Promise<readonly BranchState[]> {
  const { baseBranch } = clone.options;
  const isFound = (name: string): boolean =>
    branches.includes(name) ||
    searches.some(({ folder, text }) => name.startsWith(folder) && name.slice(folder.length).includes(text));
  const names = [...heads.keys()].filter((name) => name !== baseBranch && isFound(name));
  if (names.length === 0) return [];
  await ensureCommits(clone, heads, names);
  const states: BranchState[] = [];
  // One after the other: each may fetch into the clone.
  for (const name of names) {
    await ensureFork(clone, heads, baseBranch, name);
    states.push(await stateOf(clone, heads, name));
  }
  return states;
}

/** mmsp's branches as planning sees them; those that are known to be merged are open no more. */
export function openProposals(heads: Heads, states: readonly BranchState[], address: string): readonly OpenProposal[] {
  const merged = new Set(states.filter(({ pullRequest }) => pullRequest === null).map(({ name }) => name));
  return [...heads.keys()]
    .filter((branch) => branch.startsWith("mmsp/") && !merged.has(branch))
    .map((branch) => ({ branch, number: null, url: address }));
}

async function stateOf({ text, options }: Clone, heads: Heads, name: string): Promise<BranchState> {
  const [base, head] = [heads.get(options.baseBranch) ?? "", heads.get(name) ?? ""];
  const format = "--format=%H%x00%P%x00%at%x00%ct%x00%B%x01";
  const log = await text("reading", ["log", format, `--max-count=${longestBranch + 1}`, head, "--not", base]);
  const commits = log
    .split("\x01")
    .map((entry) => entry.trimStart())
    .filter((entry) => entry !== "")
    .map(commitOf);
  const isMerged = commits.length === 0;
  return {
    name,
    head,
    commits: commits.length > longestBranch ? null : commits,
    pullRequest: isMerged
      ? null
      : { branch: name, number: null, url: options.address, title: titleOf(commits), body: "" },
    settled: isMerged,
  };
}

function commitOf(entry: string): BranchCommit {
  const [oid = "", parents = "", authored, committed, message = ""] = entry.split("\0");
  return { oid, message, parents: parents.split(" ").filter(Boolean).length, rewritten: authored !== committed };
}

/** The subject of mmsp's newest commit stands for the title that nobody can be asked for. */
function titleOf(commits: readonly BranchCommit[]): string {
  const own = commits.find(({ message }) => trailerOf(message, "mmsp-change") !== null) ?? commits[0];
  return own?.message.split("\n")[0] ?? "";
}
