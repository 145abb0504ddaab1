import type { Problem } from "../../../schemas/problem.ts";
import type {
  AdoptedPlacement,
  BranchCommit,
  BranchState,
  BranchWithPull,
  ExistingPlacement,
  Placement,
} from "./ports.ts";

/** Trailer of every commit that mmsp makes; its value is the same for every commit of one change. */
const changeTrailer = "mmsp-change";

/** Trailer of a proposal: when it was planned and the digest of what it writes. Tells "nothing new" without a read. */
export const planTrailer = "mmsp-plan";

/** After so many branches that hold other people's commits, somebody has to clean up. */
const maxSuffix = 20;

/**
 * Where the commit of a change goes. Commits that mmsp did not make for this very change are never rewritten: a branch that
 * holds some is added to, whether its pull request is open or another run is still to open it, so that all runs of one change
 * meet on one branch; only what was left behind by a pull request is stepped around by a suffix. `message`: of the change's
 * commit; null where all that mmsp has committed on the branch is for it.
 * Returns null when every name is taken.
 */
export function placementOf(
  branch: string,
  message: string | null,
  branches: readonly BranchState[],
): Placement | null {
  const names = suffixed(branch);
  const states = names.map((name) => branches.find((candidate) => candidate.name === name));
  const there = states.filter((state) => state !== undefined);
  // What is under way is found under any of the names: the one before it may have become free since it was begun.
  const open = there.find(hasPull);
  if (open !== undefined) {
    return { kind: holdsOnly(open, message) ? "replace" : "append", branch: open.name, state: open };
  }
  const begun = there.find(({ settled }) => !settled);
  if (begun !== undefined) {
    const { name, head } = begun;
    return holdsOnly(begun, message)
      ? { kind: "open", branch: name, head }
      : { kind: "adopt", branch: name, state: begun };
  }
  for (const [at, name] of names.entries()) {
    const state = states[at];
    if (state === undefined) return { kind: "open", branch: name, head: null };
    if (holdsOnly(state, message)) return { kind: "open", branch: name, head: state.head };
  }
  return null;
}

/** The open pull request that a placement brings up to date; null where one is to be opened. */
export function pullOf(placement: Placement): BranchWithPull["pullRequest"] | null {
  return placement.kind === "replace" || placement.kind === "append" ? placement.state.pullRequest : null;
}

/** What whoever asks for a change has to know of where it goes: what others have put there comes along. One line, or none. */
export function placementNotices({ kind, branch }: Placement): readonly string[] {
  return kind === "adopt" ? [`${branch} held others' commits: the pull request has them, too`] : [];
}

/** The same branch, as a later read has seen it. */
export function placedAt<Placed extends AdoptedPlacement | ExistingPlacement>(placement: Placed, head: string): Placed {
  return { ...placement, state: { ...placement.state, head } };
}

/** Where `placementOf` finds no place. */
export function branchesTaken(branch: string): Problem {
  return {
    code: "branches-taken",
    message: `${branch} and all branches with its name and a number hold other people's commits`,
    hint: "delete those that are not needed any more",
  };
}

/** The names under which a change's branch may be found: its own, and `-2` up to `-20`. */
export function suffixed(branch: string): readonly string[] {
  return Array.from({ length: maxSuffix }, (_, at) => (at === 0 ? branch : `${branch}-${at + 1}`));
}

/** True where mmsp made every commit of the branch, for the change that `message` is about, or with null for any. */
function holdsOnly(state: BranchState, message: string | null): boolean {
  const change = message === null ? null : trailerOf(message, changeTrailer);
  const isForIt = (commit: BranchCommit) => change === null || trailerOf(commit.message, changeTrailer) === change;
  return state.commits?.every((commit) => isOurs(commit) && isForIt(commit)) ?? false;
}

function hasPull(state: BranchState): state is BranchWithPull {
  return state.pullRequest !== null;
}

/** An amended commit still has our trailer, and somebody's work in it. */
function isOurs(commit: BranchCommit): boolean {
  return commit.parents === 1 && !commit.rewritten && trailerOf(commit.message, changeTrailer) !== null;
}

/** An open pull request has this title and text already. GitHub's editor leaves CRLF behind. */
export function saysSame(
  open: { readonly title: string; readonly body: string },
  wanted: { readonly title: string; readonly body: string },
): boolean {
  const plain = (body: string): string => body.replaceAll("\r\n", "\n").trim();
  return open.title === wanted.title && plain(open.body) === plain(wanted.body);
}

/** Value of a trailer in the last paragraph of a commit message, as `git interpret-trailers` sees it. */
export function trailerOf(message: string, key: string): string | null {
  const paragraph =
    message
      .trimEnd()
      .split(/\n\s*\n/)
      .at(-1) ?? "";
  const line = paragraph.split("\n").findLast((candidate) => candidate.startsWith(`${key}: `));
  return line === undefined ? null : line.slice(key.length + 2).trim();
}

/** The message with one more trailer below those that it has. */
export function withTrailer(message: string, key: string, value: string): string {
  const trimmed = message.trimEnd();
  const last = trimmed.split(/\n\s*\n/).at(-1) ?? "";
  const hasTrailers = trimmed.includes("\n") && /^[a-z-]+: \S/i.test(last.split("\n").at(-1) ?? "");
  return `${trimmed}${hasTrailers ? "\n" : "\n\n"}${key}: ${value}\n`;
}

/** What the open proposal was planned as, from its newest commit of ours; null where it does not say. */
export function plannedBefore(state: BranchState): { readonly now: string; readonly digest: string } | null {
  for (const commit of state.commits ?? []) {
    const [now, digest] = (trailerOf(commit.message, planTrailer) ?? "").split(" ");
    if (now !== undefined && digest !== undefined) return { now, digest };
  }
  return null;
}

/** Model version that a branch of mmsp's is about, or null for a branch of another shape. */
export function versionOfBranch(branch: string): number | null {
  const match =
    /^mmsp\/registry\/[^/]+\/(\d+)-[0-9a-f]{8}(?:-\d+)?$/.exec(branch) ??
    /^mmsp\/[^/]+\/[^/]+\/[a-z]+-(\d+)(?:-\d+)?$/.exec(branch);
  return match === null ? null : Number(match[1]);
}

/** The open pull request that registers this version, if there is one. */
export function registrationOf(
  model: string,
  version: number,
  branches: readonly BranchState[],
): BranchWithPull | undefined {
  const prefix = `mmsp/registry/${model}/${version}-`;
  return branches.filter(hasPull).find((branch) => branch.name.startsWith(prefix));
}
