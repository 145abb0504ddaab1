import { paths } from "../../schemas/tree.ts";
import type { Command, Refusal, Skip } from "./core/change.ts";
import { branchesTaken, placementOf, plannedBefore, registrationOf } from "./core/placement.ts";
import type { BranchWithPull, Forge, RemoteSnapshot } from "./core/ports.ts";
import { commitScopeOf, proposingScopeOf } from "./core/scope.ts";
import { appended, draftOnto } from "./draft-onto.ts";
import {
  digestOf,
  draftOver,
  proposalOf,
  stampedMessage,
  type Drafted,
  type Planner,
  type ProposalDraft,
} from "./draft-over.ts";

/** A change with everything that publishing it takes, against one state of the repository. Nothing is written yet. */
export type Draft = CommitDraft | ProposalDraft;

export interface CommitDraft extends Drafted {
  readonly placement: null;
}

/** For a commit straight to the base branch. */
export async function draftCommit(
  command: Command,
  forge: Forge,
  planner: Planner,
  now: string,
): Promise<CommitDraft | Skip | Refusal> {
  const draft = draftOver(await forge.read(commitScopeOf(command)), command, planner, now, null);
  return draft.kind === "draft" ? { ...draft, placement: null } : draft;
}

/** For a pull request: what is planned depends on what is open already. */
export async function draftProposal(
  command: Command,
  forge: Forge,
  planner: Planner,
  now: string,
): Promise<ProposalDraft | Skip | Refusal> {
  const scope = proposingScopeOf(command);
  const base = await forge.read(scope);
  const registration = openRegistration(command, base);
  if (registration !== undefined && command.verb === "deploy") {
    // The title names environments in the order of promotion, which their policies tell.
    const branch = await forge.read({ ...scope, environments: base.environmentNames }, registration.name);
    return draftOnto({ registration, branch, base }, command, planner, now);
  }
  const draft = draftOver(base, command, planner, now);
  if (draft.kind !== "draft") return draft;
  const placement = placementOf(draft.change.branch, draft.message, base.branches);
  if (placement === null) return { kind: "refusal", problems: [branchesTaken(draft.change.branch)] };
  if (placement.kind === "open") return proposalOf(stamped(draft, now), placement, planner);

  // Planned with the time of the open proposal, `since` and `createdAt` are what they were: what differs then, differs.
  const before = plannedBefore(placement.state);
  const replanned = before === null ? draft : draftOver(base, command, planner, before.now);
  const [again, at] = replanned.kind === "draft" ? [replanned, before?.now ?? now] : [draft, now];
  if (placement.kind !== "replace") {
    // Our commit may be the branch's only one of ours, so it says when it was planned, too.
    return appended(stamped(again, at), placement, await forge.read(scope, placement.branch), command, planner);
  }
  return digestOf(again.files) === before?.digest
    ? proposalOf({ ...again, files: [] }, placement, planner)
    : proposalOf(stamped(draft, now), placement, planner);
}

function openRegistration(command: Command, { files, branches }: RemoteSnapshot): BranchWithPull | undefined {
  if (command.verb !== "deploy" || files.has(paths.version(command.model, command.version))) return undefined;
  return registrationOf(command.model, command.version, branches);
}

function stamped(draft: Drafted, now: string): Drafted {
  return { ...draft, message: stampedMessage(draft, now) };
}
