import { readTree, type ReadTree } from "../../schemas/read-tree.ts";
import { checkTree } from "../../schemas/rules.ts";
import { paths, type Tree } from "../../schemas/tree.ts";
import { branchBehind, checkedEdits, unlessBroken, WouldBreak } from "./checked-edits.ts";
import type { Change, Command, DeployCommand, Plan, PlanState, Refusal, Skip } from "./core/change.ts";
import { proposalName, proposalPlace } from "./core/proposals.ts";
import { commitScopeOf, proposingScopeOf } from "./core/scope.ts";
import {
  branchesTaken,
  placedAt,
  placementOf,
  plannedBefore,
  planTrailer,
  pullOf,
  registrationOf,
  withTrailer,
} from "./core/placement.ts";
import type {
  AdoptedPlacement,
  BranchWithPull,
  ExistingPlacement,
  FileWrite,
  Forge,
  Placement,
  RemoteSnapshot,
  Snapshot,
} from "./core/ports.ts";
import { obstaclesOf } from "./obstacles.ts";

/** The pure parts that a draft is made with. */
export interface Planner {
  readonly plan: (command: Command, state: PlanState) => Plan;
  readonly renderChange: (change: Change, files: ReadonlyMap<string, string>) => readonly FileWrite[];
  /** Of a commit for one change, or for several together. */
  readonly commitMessage: (first: Change, ...others: readonly Change[]) => string;
  readonly pullRequestBody: (change: Change) => string;
  /** Documents that were read before, elsewhere: texts that are the same are not parsed again. */
  readonly known?: () => ReadTree["read"];
}

/** A change with everything that publishing it takes, against one state of the repository. Nothing is written yet. */
export type Draft = CommitDraft | ProposalDraft;

interface Drafted<Read extends Snapshot = RemoteSnapshot> {
  readonly kind: "draft";
  readonly change: Change;
  /** Documents; the artifacts come to them when it is published. Empty where the branch of an open pull request holds them already. */
  readonly files: readonly FileWrite[];
  /** The texts that the files are edits of. */
  readonly edited: ReadonlyMap<string, string>;
  readonly message: string;
  readonly snapshot: Read;
}

export interface CommitDraft extends Drafted {
  readonly placement: null;
}

export interface ProposalDraft extends Drafted {
  readonly placement: Placement;
  readonly title: string;
  readonly body: string;
}

/** For a commit straight to the base branch. */
export async function draftCommit(
  command: Command,
  forge: Forge,
  planner: Planner,
  now: string,
): Promise<CommitDraft | Skip | Refusal> {
  const draft = draftOver(await forge.read(commitScopeOf(command)), command, planner, now);
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
    const branch = await forge.read(scope, registration.name);
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

interface OpenRegistration {
  readonly registration: BranchWithPull;
  readonly branch: RemoteSnapshot;
  readonly base: RemoteSnapshot;
}

/**
 * A version that only an open pull request registers takes its deployment along: both are on that branch, or neither. It is
 * planned on what the base branch serves: nothing that the request says of traffic is so before it is merged.
 */
function draftOnto(
  { registration, branch, base }: OpenRegistration,
  command: DeployCommand,
  planner: Planner,
  now: string,
): ProposalDraft | Skip | Refusal {
  const { environment, model, version } = command;
  const registry = [paths.version(model, version), paths.versionKustomization(model, version)];
  const own = [paths.deployment(environment, model), paths.deploymentKustomization(environment, model)];
  const planned = { ...base, files: withTexts(base.files, branch.files, registry) };
  const draft = draftOver(planned, command, planner, now);
  if (draft.kind !== "draft") return draft;

  // Edits of the branch's own texts, so that what others wrote there stays, held to the rules as what a merge makes of them.
  const merged = withTexts(planned.files, branch.files, own);
  const before = readTree(merged);
  const { stopping } = obstaclesOf([...branch.unreadable, ...before.problems], command);
  const [first, ...rest] = stopping;
  if (first !== undefined) return { kind: "refusal", problems: [first, ...rest] };
  const edits = unlessBroken(() => checkedEdits(draft.change, merged, before, planner.renderChange));
  if (edits instanceof WouldBreak) return { kind: "refusal", problems: [branchBehind(registration.name, edits)] };
  const { stable, canary } = before.tree.deployments.get(environment)?.get(model)?.spec ?? {};
  const since = [canary, stable].find((entry) => entry?.version === version)?.since;
  const again = since === undefined ? draft : draftOver(planned, command, planner, since);
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
  return {
    ...draft,
    files: edits,
    edited: branch.files,
    placement: { kind: "append", branch: registration.name, state },
    title: titleOfBoth(pullRequest.title, draft.change),
    body: withSection(pullRequest.body, draft.change, planner),
  };
}

/** The files with those at `names` as they are in `others`, where they are there. */
function withTexts(
  files: ReadonlyMap<string, string>,
  others: ReadonlyMap<string, string>,
  names: readonly string[],
): ReadonlyMap<string, string> {
  return new Map([...files, ...[...others].filter(([path]) => names.includes(path))]);
}

/** For who runs the command: in the pull request itself the commits can be seen. */
function withNotice(draft: ProposalDraft, notice: string): ProposalDraft {
  return { ...draft, change: { ...draft.change, notices: [...draft.change.notices, notice] } };
}

/** The change as an edit of the branch's own texts, so that what others wrote there stays. */
function appended(
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
  const edited = { ...draft, files, edited: branch.files };
  const proposal = proposalOf(edited, placedAt(placement, branch.head), planner);
  const open = pullOf(placement);
  if (open === null)
    return withNotice(proposal, `${placement.branch} held others' commits: the pull request has them, too`);
  if (command.verb !== "register") return proposal;
  // A deployment on top of the registration stays on the branch, so it stays in what the pull request says.
  return { ...proposal, title: open.title, body: sectionsOf(open.body) + proposal.body };
}

function proposalOf(draft: Drafted, placement: Placement, planner: Planner): ProposalDraft {
  const { title } = draft.change;
  return { ...draft, placement, title, body: planner.pullRequestBody(draft.change) };
}

/** Over documents that were read already, such as a working tree. Nothing is decided about branches. */
export function draftOver<Read extends Snapshot>(
  snapshot: Read,
  command: Command,
  planner: Planner,
  now: string,
): Drafted<Read> | Skip | Refusal {
  const { files, unreadable, environmentNames, modelNames, proposals } = snapshot;
  const before = readTree(files, planner.known?.());
  const { tree } = before;
  const { stopping, notices } = obstaclesOf([...unreadable, ...before.problems], command);
  const [first, ...rest] = stopping;
  if (first !== undefined) return { kind: "refusal", problems: [first, ...rest] };
  const planned = planner.plan(command, { tree, environmentNames, modelNames, proposals, now });
  if (planned.kind !== "change") return planned;
  const change = { ...planned, notices: [...planned.notices, ...notices, ...brokenRules(tree, planned)] };
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

function openRegistration(command: Command, { files, branches }: RemoteSnapshot): BranchWithPull | undefined {
  if (command.verb !== "deploy" || files.has(paths.version(command.model, command.version))) return undefined;
  return registrationOf(command.model, command.version, branches);
}

function stamped(draft: Drafted, now: string): Drafted {
  return { ...draft, message: stampedMessage(draft, now) };
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

/** The registration's title, unless a person has given it another. */
function titleOfBoth(title: string, { model, version }: Change): string {
  const own = `Register ${model} ${version}`;
  return title === own ? `${own} and deploy it` : title;
}

/** The registration's text below a section about the deployment, which decides what happens; a later one takes its place. */
function withSection(body: string, change: Change, planner: Planner): string {
  const name = `mmsp ${change.environment ?? ""} ${change.verb}`;
  const [begin, end] = [`<!-- ${name} -->\n`, `<!-- end of ${name} -->\n`];
  const text = body.replaceAll("\r\n", "\n");
  const [before = "", ...rest] = text.split(begin);
  const others = rest.length === 0 ? text : before + rest.join(begin).split(end).slice(1).join(end).trimStart();
  return `${begin}${planner.pullRequestBody(change)}${end}\n${others}`;
}

const anySection = /<!-- (mmsp \S* \w+) -->\n[^]*?<!-- end of \1 -->\n\n?/g;

function sectionsOf(body: string): string {
  return (body.replaceAll("\r\n", "\n").match(anySection) ?? []).join("");
}
