import { readTree, type ReadTree } from "../../schemas/read-tree.ts";
import { checkTree } from "../../schemas/rules.ts";
import { paths, type Tree } from "../../schemas/tree.ts";
import { checkedEdits } from "./checked-edits.ts";
import type { Change, Command, Plan, PlanState, Refusal, Skip } from "./core/change.ts";
import { overlapsOf, removalsOf } from "./core/overlaps.ts";
import { planTrailer, withTrailer } from "./core/placement.ts";
import type { FileWrite, Placement, RemoteSnapshot, Snapshot } from "./core/ports.ts";
import { obstaclesOf } from "./obstacles.ts";

/** The pure parts that a draft is made with. */
export interface Planner {
  readonly plan: (command: Command, state: PlanState) => Plan;
  readonly renderChange: (change: Change, files: ReadonlyMap<string, string>) => readonly FileWrite[];
  /** Of a commit for one change, or for several together. */
  readonly commitMessage: (first: Change, ...others: readonly Change[]) => string;
  /** `beside`: what the pull request says already, which need not be said again. */
  readonly pullRequestBody: (change: Change, beside?: string) => string;
  /** Documents that were read before, elsewhere: texts that are the same are not parsed again. */
  readonly known?: () => ReadTree["read"];
}

/** A change and its edits, before it is decided where they go. */
export interface Drafted<Read extends Snapshot = RemoteSnapshot> {
  readonly kind: "draft";
  readonly change: Change;
  /** Documents; the artifacts come to them when it is published. Empty where the branch of an open pull request holds them already. */
  readonly files: readonly FileWrite[];
  /** The texts that the files are edits of. */
  readonly edited: ReadonlyMap<string, string>;
  readonly message: string;
  readonly snapshot: Read;
}

export interface ProposalDraft extends Drafted {
  readonly placement: Placement;
  readonly title: string;
  readonly body: string;
}

/**
 * Over documents that were read already, such as a working tree. Nothing is decided about branches. `own`: the branch of the
 * proposal that holds the change, null where none will; left out: the change's own.
 */
export function draftOver<Read extends Snapshot>(
  snapshot: Read,
  command: Command,
  planner: Planner,
  now: string,
  own?: string | null,
): Drafted<Read> | Skip | Refusal {
  const { files, unreadable, environmentNames, modelNames, proposals } = snapshot;
  const before = readTree(files, planner.known?.());
  const { tree } = before;
  const { stopping, notices } = obstaclesOf([...unreadable, ...before.problems], command);
  const [first, ...rest] = stopping;
  if (first !== undefined) return { kind: "refusal", problems: [first, ...rest] };
  const planned = planner.plan(command, { tree, environmentNames, modelNames, proposals, now });
  if (planned.kind !== "change") return planned;
  const others = overlapsOf(planned, proposals, own === undefined ? planned.branch : own);
  const removals = removalsOf(planned, proposals);
  const said = [...planned.notices, ...notices, ...brokenRules(tree, planned), ...others.notices, ...removals.notices];
  const change = { ...planned, notices: said, pulls: [...others.pulls, ...removals.pulls] };
  const writes = checkedEdits(change, files, before, planner.renderChange);
  if (writes.length === 0) throw new Error(`"${change.title}" changes no document`);
  return { kind: "draft", change, files: writes, edited: files, message: planner.commitMessage(change), snapshot };
}

/** A change may well be the way out of a rule that is broken, but nobody should take it for a sound document. */
function brokenRules(tree: Tree, { verb, environment, model }: Change): readonly string[] {
  if (verb === "rollback" || environment === null) return [];
  const own = paths.deployment(environment, model);
  return checkTree(tree)
    .filter(({ file }) => file === own)
    .map(({ path, message }) => `${own} broke a rule before this change: ${path ?? ""} ${message}`);
}

/** As a pull request of its own. */
export function proposalOf(draft: Drafted, placement: Placement, planner: Planner): ProposalDraft {
  const { title } = draft.change;
  return { ...draft, placement, title, body: planner.pullRequestBody(draft.change) };
}

/** The message of a proposal's commit, which tells later when it was planned and what it writes. */
export function stampedMessage({ message, files }: Pick<Drafted, "message" | "files">, now: string): string {
  return withTrailer(message, planTrailer, `${now} ${digestOf(files)}`);
}

/** Of what is written, whatever the order. */
export function digestOf(files: readonly FileWrite[]): string {
  const hash = new Bun.CryptoHasher("sha256");
  for (const { path, content } of files.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    hash.update(JSON.stringify([path, content === null ? null : String(content)]));
  }
  return hash.digest("hex").slice(0, 32);
}
