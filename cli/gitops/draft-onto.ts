import { readTree } from "../../schemas/read-tree.ts";
import { inPromotionOrder, meantPath, paths, placeOf } from "../../schemas/tree.ts";
import { branchBehind, checkedEdits, unlessBroken, WouldBreak } from "./checked-edits.ts";
import type { Change, Command, DeployCommand, Refusal, Skip } from "./core/change.ts";
import { proposalName, proposalPlace } from "./core/proposals.ts";
import { withAsides } from "./core/notices.ts";
import { placedAt, placementNotices, pullOf } from "./core/placement.ts";
import type { AdoptedPlacement, BranchWithPull, ExistingPlacement, RemoteSnapshot } from "./core/ports.ts";
import { draftOver, proposalOf, type Drafted, type Planner, type ProposalDraft } from "./draft-over.ts";
import { obstaclesOf } from "./obstacles.ts";
import { besideSection, sectionsOf, titleOfBoth, withSection } from "./render/pull-request-section.ts";

/** A pull request that registers a version, its branch with the policies of all environments, and the base branch. */
interface OpenRegistration {
  readonly registration: BranchWithPull;
  readonly branch: RemoteSnapshot;
  readonly base: RemoteSnapshot;
}

/**
 * A version that only an open pull request registers takes its deployment along: both are on that branch, or neither. It is
 * planned on what the base branch serves: nothing that the request says of traffic is so before it is merged.
 */
export function draftOnto(
  { registration, branch, base }: OpenRegistration,
  command: DeployCommand,
  planner: Planner,
  now: string,
): ProposalDraft | Skip | Refusal {
  const { environment, model, version } = command;
  const registry = [paths.version(model, version), paths.versionKustomization(model, version)];
  const own = [paths.deployment(environment, model), paths.deploymentKustomization(environment, model)];
  const planned = { ...base, files: withTexts(base.files, branch.files, registry) };
  const draft = draftOver(planned, command, planner, now, registration.name);
  if (draft.kind !== "draft") return draft;

  // Edits of the branch's own texts, so that what others wrote there stays, held to the rules as what a merge makes of them.
  const merged = withTexts(planned.files, branch.files, own);
  const before = readTree(merged);
  const unreadable = branch.unreadable.filter(({ file = "" }) => !isElsewhere(file, environment));
  const { stopping } = obstaclesOf([...unreadable, ...before.problems], command);
  const [first, ...rest] = stopping;
  if (first !== undefined) return { kind: "refusal", problems: [first, ...rest] };
  const edits = unlessBroken(() => checkedEdits(draft.change, merged, before, planner.renderChange));
  if (edits instanceof WouldBreak) return { kind: "refusal", problems: [branchBehind(registration.name, edits)] };
  const { stable, canary } = before.tree.deployments.get(environment)?.get(model)?.spec ?? {};
  const since = [canary, stable].find((entry) => entry?.version === version)?.since;
  const again = since === undefined ? draft : draftOver(planned, command, planner, since, registration.name);
  const { pullRequest } = registration;
  const proposal = { branch: registration.name, number: pullRequest.number, url: pullRequest.url };
  const isThere = (change: Change): boolean => {
    const same = unlessBroken(() => checkedEdits(change, merged, before, planner.renderChange));
    return !(same instanceof WouldBreak) && same.length === 0;
  };
  if (again.kind === "draft" && isThere(again.change)) {
    return { kind: "skip", reason: `${proposalName(proposal)} says so already: ${proposalPlace(proposal)}` };
  }
  const state = { ...registration, head: branch.head };
  const beside = besideSection(pullRequest.body, draft.change);
  const body = withSection(beside, draft.change, planner.pullRequestBody(draft.change, beside));
  const place = pullRequest.number === null ? "branch" : "pull request";
  const note = `goes onto the ${place} that registers version ${version}: one merge does both`;
  return {
    ...draft,
    change: withAsides(draft.change, [note]),
    files: edits,
    edited: branch.files,
    placement: { kind: "append", branch: registration.name, state },
    title: titleOfBoth(pullRequest.title, body, draft.change, inPromotionOrder(readTree(branch.files).tree)),
    body,
  };
}

/** Of other environments only the policies are looked at, for their order. */
function isElsewhere(file: string, environment: string): boolean {
  const place = placeOf(meantPath(file));
  return place !== null && "environment" in place && place.environment !== environment;
}

/** The files with those at `names` as they are in `others`, where they are there. */
function withTexts(
  files: ReadonlyMap<string, string>,
  others: ReadonlyMap<string, string>,
  names: readonly string[],
): ReadonlyMap<string, string> {
  return new Map([...files, ...[...others].filter(([path]) => names.includes(path))]);
}

/** The change as an edit of the branch's own texts, so that what others wrote there stays. */
export function appended(
  draft: Drafted,
  placement: AdoptedPlacement | ExistingPlacement,
  branch: RemoteSnapshot,
  command: Command,
  planner: Planner,
): ProposalDraft | Refusal {
  const before = readTree(branch.files);
  const { stopping } = obstaclesOf([...branch.unreadable, ...before.problems], command);
  const [first, ...rest] = stopping;
  if (first !== undefined) return { kind: "refusal", problems: [first, ...rest] };
  const files = unlessBroken(() =>
    checkedEdits(draft.change, branch.files, before, planner.renderChange, readTree(draft.edited)),
  );
  if (files instanceof WouldBreak) return { kind: "refusal", problems: [branchBehind(placement.branch, files)] };
  const change = withAsides(draft.change, placementNotices(placement));
  const edited = { ...draft, change, files, edited: branch.files };
  const proposal = proposalOf(edited, placedAt(placement, branch.head), planner);
  const open = pullOf(placement);
  if (open === null || command.verb !== "register") return proposal;
  // A deployment on top of the registration stays on the branch, so it stays in what the pull request says.
  return { ...proposal, title: open.title, body: sectionsOf(open.body) + proposal.body };
}
