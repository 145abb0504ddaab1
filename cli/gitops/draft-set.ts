import type { Problem } from "../../schemas/problem.ts";
import { readTree } from "../../schemas/read-tree.ts";
import { branchBehind, checkedEdits, unlessBroken, WouldBreak } from "./checked-edits.ts";
import type { Change, PromoteCommand, Refusal, Skip } from "./core/change.ts";
import { environmentProblems } from "./core/names.ts";
import { branchesTaken, placedAt, placementNotices, placementOf, plannedBefore, suffixed } from "./core/placement.ts";
import { refusal, skip } from "./core/outcome.ts";
import type { FileWrite, Forge, Placement, RemoteSnapshot, Scope, Snapshot } from "./core/ports.ts";
import {
  problemsOf,
  promotionsOf,
  titleOfAll,
  type ChangeSet,
  type LeftOut,
  type PromoteAllCommand,
} from "./core/promote-all.ts";
import { digestOf, stampedMessage, type Planner } from "./draft-over.ts";
import { draftTogether, scopeOfAll } from "./draft-together.ts";

/** The planner of single commands, and the words for several together. */
export interface SetPlanner extends Planner {
  readonly bodyTogether: (set: ChangeSet) => string;
}

/** All promotions as edits of one state of the documents. Nothing is written yet. */
export interface SetDraft {
  readonly kind: "draft";
  readonly set: ChangeSet;
  readonly files: readonly FileWrite[];
  readonly edited: ReadonlyMap<string, string>;
  readonly message: string;
}

/** The same with the place of its commit and the text of its pull request. */
export interface SetProposal extends SetDraft {
  readonly snapshot: RemoteSnapshot;
  readonly placement: Placement;
  readonly body: string;
}

/**
 * For one pull request. Two reads of one call each, however many models there are: the deployments of the environment, to know
 * which are meant, and all that their plans look at. A model that becomes a canary in between waits for the next time.
 */
export async function draftSetProposal(
  command: PromoteAllCommand,
  forge: Forge,
  planner: SetPlanner,
  now: string,
): Promise<SetProposal | Skip | Refusal> {
  const promotions = meantBy(command, await forge.read(lookScope(command)));
  if (!Array.isArray(promotions)) return promotions;
  const scope = proposingScope(command, promotions);
  const base = await forge.read(scope);
  const draft = draftSet(command, promotions, base, planner, now);
  if (draft.kind !== "draft") return draft;
  const branch = branchOf(command);
  // The list may have become another one since: it is ours all the same.
  const placement = placementOf(branch, null, base.branches);
  const body = planner.bodyTogether(draft.set);
  if (placement === null) return { kind: "refusal", problems: [branchesTaken(branch)] };
  const stamped = { ...draft, message: stampedMessage(draft, now), snapshot: base, placement, body };
  if (placement.kind === "open") return stamped;
  // Planned with the time of the open proposal, `since` is what it was: what differs then, differs.
  const before = plannedBefore(placement.state);
  const again = before === null ? draft : draftSet(command, promotions, base, planner, before.now);
  if (placement.kind !== "replace") {
    const [same, at] = again.kind === "draft" && before !== null ? [again, before.now] : [draft, now];
    const restamped = { ...stamped, ...same, message: stampedMessage(same, at) };
    return onto(await forge.read(scope, placement.branch), restamped, planner);
  }
  const isSame = again.kind === "draft" && digestOf(again.files) === before?.digest;
  return isSame ? { ...stamped, files: [] } : stamped;
}

/** Over documents that hold every model, such as a working tree. */
export function draftSetOver(
  command: PromoteAllCommand,
  snapshot: Snapshot,
  planner: SetPlanner,
  now: string,
): SetDraft | Skip | Refusal {
  const promotions = meantBy(command, snapshot);
  return Array.isArray(promotions) ? draftSet(command, promotions, snapshot, planner, now) : promotions;
}

function environmentsOf({ environment, to }: PromoteAllCommand): readonly string[] {
  return to === null ? [environment] : [...new Set([environment, to])];
}

function lookScope(command: PromoteAllCommand): Scope {
  const environments = environmentsOf(command);
  return { models: [], environments, deploymentsOf: environments };
}

function proposingScope(command: PromoteAllCommand, promotions: readonly PromoteCommand[]): Scope {
  const proposals = { branches: suffixed(branchOf(command)), searches: [], all: false };
  return { ...scopeOfAll(promotions), proposals };
}

/**
 * One from each source into each target, whatever the models: a longer list brings the open pull request up to date. No model has a
 * name with an underscore, so nobody else's branches stand there; a digest, since a source's name may end as a suffix does.
 */
function branchOf({ environment, to }: PromoteAllCommand): string {
  const digest = new Bun.CryptoHasher("sha256").update(JSON.stringify([environment, to])).digest("hex");
  return `mmsp/${to ?? environment}/_all/promote-${digest.slice(0, 8)}`;
}

function meantBy(command: PromoteAllCommand, snapshot: Snapshot): PromoteCommand[] | Skip | Refusal {
  const { tree, problems } = readTree(snapshot.files);
  const { environmentNames, modelNames } = snapshot;
  const state = { tree, environmentNames, modelNames, proposals: [], now: "" };
  const { environment, to } = command;
  const unknown = refusal([
    ...environmentsOf(command).flatMap((name) => environmentProblems(state, name)),
    ...(to === environment ? [sameEnvironment(environment)] : []),
  ]);
  if (unknown !== null) return unknown;
  const promotions = promotionsOf(command, tree, [...snapshot.unreadable, ...problems]);
  if (promotions.length > 0) return [...promotions];
  return skip(
    to === null
      ? `no model of ${environment} has a canary`
      : `${to} serves every version already that is stable in ${environment}`,
  );
}

function draftSet(
  command: PromoteAllCommand,
  promotions: readonly PromoteCommand[],
  snapshot: Snapshot,
  planner: SetPlanner,
  now: string,
): SetDraft | Skip | Refusal {
  const { plans, files } = draftTogether(promotions, snapshot, planner, now, branchOf(command));
  const changes: Change[] = [];
  const left: LeftOut[] = [];
  for (const [at, { model, version }] of promotions.entries()) {
    const plan = plans[at];
    if (plan === undefined || plan.kind === "failed")
      throw plan?.error ?? new Error(`nothing was planned for ${model}`);
    if (plan.kind === "change") changes.push(plan);
    else if (plan.kind === "skip") left.push({ model, version, reason: plan.reason, problems: [] });
    else left.push({ model, version, reason: reasonOf(plan.problems), problems: plan.problems });
  }
  const [first, ...others] = changes;
  if (first === undefined) return nothingOf(left);
  const set = {
    verb: command.verb,
    environment: command.to ?? command.environment,
    title: titleOfAll(changes),
    changes,
    left,
  };
  return { kind: "draft", set, files, edited: snapshot.files, message: planner.commitMessage(first, ...others) };
}

function reasonOf(problems: readonly Problem[]): string {
  return problems.map(({ message, file }) => (file === undefined ? message : `${file} ${message}`)).join("; ");
}

/** Everything that is in the way. Where nothing is, there is nothing to do. */
function nothingOf(left: readonly LeftOut[]): Skip | Refusal {
  return refusal(problemsOf(left)) ?? skip(left.map(({ reason }) => reason).join("; "));
}

/** As an edit of the branch's own texts, so that what others wrote there stays. */
function onto(branch: RemoteSnapshot, draft: SetProposal, planner: SetPlanner): SetProposal | Refusal {
  const { placement, set } = draft;
  if (placement.kind === "open") return draft;
  const before = readTree(branch.files);
  const broken = refusal([...branch.unreadable, ...before.problems]);
  if (broken !== null) return broken;
  const planned = readTree(draft.edited);
  const texts = new Map(branch.files);
  const files = unlessBroken(() =>
    set.changes.flatMap((change) => {
      const writes = checkedEdits(change, texts, readTree(texts, before.read), planner.renderChange, planned);
      for (const { path, content } of writes) if (typeof content === "string") texts.set(path, content);
      return writes;
    }),
  );
  if (files instanceof WouldBreak) return { kind: "refusal", problems: [branchBehind(placement.branch, files)] };
  const told = { ...set, asides: placementNotices(placement) };
  return { ...draft, set: told, files, edited: branch.files, placement: placedAt(placement, branch.head) };
}

function sameEnvironment(environment: string): Problem {
  const hint = `without --to, mmsp promote --all --env ${environment} makes the canaries stable there`;
  return { code: "environment-same", message: `${environment} is where it comes from`, hint };
}
