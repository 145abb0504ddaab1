import type { Problem } from "../../schemas/problem.ts";
import { isInRepository, storePath } from "../../schemas/store.ts";
import { announceRollbacks, reasonOf } from "./announce.ts";
import { announceSettled } from "./announce-settled.ts";
import type { ArtifactChange, Change, Command, Skip } from "./core/change.ts";
import { allNotices } from "./core/notices.ts";
import { plannedBefore } from "./core/placement.ts";
import {
  isPushed,
  type FileWrite,
  type Forge,
  type Placement,
  type PullRequest,
  type PushedBranch,
} from "./core/ports.ts";
import { commitScopeOf } from "./core/scope.ts";
import { draftCommit, draftProposal, type CommitDraft } from "./draft.ts";
import type { Planner, ProposalDraft } from "./draft-over.ts";
import { followHead, type Pace } from "./follow-head.ts";

export interface PublishParts extends Pace {
  readonly forge: Forge;
  readonly planner: Planner;
  readonly artifacts: {
    /** Bytes of a file that goes into the repository; its digest has been checked. */
    readonly read: (artifact: ArtifactChange) => Promise<Uint8Array>;
    /** Puts a file into a store outside the repository, and verifies it. Idempotent. */
    readonly store: (artifact: ArtifactChange) => Promise<void>;
  };
}

export interface PublishOptions {
  readonly baseBranch: string;
  /** `commit`: straight to the base branch. */
  readonly as: "pull-request" | "commit";
  /** Of a rollback: its pull request may be open without anybody having been told. */
  readonly maybeUntold?: boolean;
}

/** A branch, and what the person is to say who opens the merge request for it. */
export type PushedProposal = PushedBranch & { readonly title: string; readonly body: string };

export type PublishResult =
  | {
      readonly kind: "published";
      readonly change: Change;
      readonly pullRequest: PullRequest;
      readonly notices: readonly string[];
    }
  | {
      readonly kind: "pushed";
      readonly change: Change;
      readonly pushed: PushedProposal;
      readonly notices: readonly string[];
    }
  | {
      readonly kind: "committed";
      readonly change: Change;
      readonly branch: string;
      readonly oid: string;
      readonly url: string;
      readonly notices: readonly string[];
    }
  | { readonly kind: "skip"; readonly reason: string }
  | { readonly kind: "refusal"; readonly problems: readonly [Problem, ...Problem[]] };

/**
 * Reads, plans, checks and writes a command, from the start again as long as somebody else was faster (2 min). Nobody's
 * commit is lost: every write names the commit that it was planned on. Throws `ProtectedBranch` for a commit to a branch
 * that takes pull requests only, OutsideError and ProblemError as the forge does.
 */
export async function publish(command: Command, options: PublishOptions, parts: PublishParts): Promise<PublishResult> {
  const { forge, planner } = parts;
  const artifactFiles = onceEach(parts);
  const place = options.as === "commit" ? draftCommit : draftProposal;
  let current = command;
  let title = "";
  // When the rollback was planned that an earlier attempt has sent off: the reply may have been lost, and not the commit.
  const tried = new Set<string>();
  const attempt = async (): Promise<PublishResult> => {
    const draft = await place(current, forge, planner, parts.now().toISOString());
    if (draft.kind === "skip") return toldLate(draft, current, tried, forge);
    if (draft.kind === "refusal") return draft;
    current = pinned(current, draft.change);
    ({ title } = draft.change);
    const { artifacts } = draft.change;
    const files = [...draft.files, ...(await artifactFiles({ files: draft.files, artifacts }))];
    const maybeUntold = options.maybeUntold === true || isFrom(tried, draft.placement);
    if (draft.change.rejection !== null) tried.add(draft.change.rejection.at);
    return draft.placement === null
      ? commit({ ...draft, files }, options, forge)
      : propose({ ...draft, files }, { ...options, maybeUntold }, forge);
  };
  return followHead(() => title, attempt, parts);
}

/** Whether the open pull request is one that this very run has planned, and may not know to have opened. */
function isFrom(tried: ReadonlySet<string>, placement: Placement | null): boolean {
  if (placement === null || placement.kind === "open") return false;
  return tried.has(plannedBefore(placement.state)?.now ?? "");
}

/** A rollback that is there already; what could not be told of it stands behind the reason. */
async function toldLate(
  skipped: Skip,
  command: Command,
  tried: ReadonlySet<string>,
  forge: Forge,
): Promise<PublishResult> {
  if (command.verb !== "rollback" || command.cut === null) return skipped;
  const snapshot = await forge.read(commitScopeOf(command)).catch((error: unknown) => reasonOf(error));
  const [notices = []] =
    typeof snapshot === "string"
      ? [[`could not look whom to tell: ${snapshot}`]]
      : await announceSettled([command], tried, snapshot, forge);
  return { ...skipped, reason: [skipped.reason, ...notices].join("; ") };
}

async function propose(
  draft: ProposalDraft,
  { baseBranch, maybeUntold = false }: PublishOptions,
  forge: Forge,
): Promise<PublishResult> {
  const { change, placement, files, message, title, body, snapshot } = draft;
  const { head: baseHead } = snapshot;
  const request = { placement, base: baseBranch, baseHead, files, message, title, body };
  const proposed = await forge.propose(request);
  if (isPushed(proposed))
    return { kind: "pushed", change, pushed: { ...proposed, title, body }, notices: allNotices(change) };
  const pullRequest = proposed;
  const isNew = pullRequest.action === "opened";
  const [notices = []] =
    isNew || maybeUntold
      ? await announceRollbacks([change], snapshot.openPulls, pullRequest, forge, { unlessTold: !isNew })
      : [];
  return { kind: "published", change, pullRequest, notices: [...allNotices(change), ...notices] };
}

async function commit(draft: CommitDraft, { baseBranch }: PublishOptions, forge: Forge): Promise<PublishResult> {
  const { change, files, message, snapshot } = draft;
  const committed = await forge.commit({ branch: baseBranch, expectedHead: snapshot.head, files, message });
  const own = { url: committed.url, number: null };
  const [notices = []] = await announceRollbacks([change], snapshot.openPulls, own, forge);
  return { kind: "committed", change, branch: baseBranch, ...committed, notices: [...allNotices(change), ...notices] };
}

/**
 * The artifacts of a draft: those for other stores are put there before the commit that names them, those of a store inside
 * the repository become files of the commit. Each is moved once, however often the command is planned anew.
 */
export function onceEach({
  artifacts,
}: PublishParts): (draft: {
  readonly files: readonly FileWrite[];
  readonly artifacts: readonly ArtifactChange[];
}) => Promise<readonly FileWrite[]> {
  const done = new Map<string, Promise<FileWrite | null>>();
  const place = async (artifact: ArtifactChange): Promise<FileWrite | null> => {
    if (isInRepository(artifact.store)) {
      return { path: storePath(artifact.store, artifact.key), content: await artifacts.read(artifact) };
    }
    await artifacts.store(artifact);
    return null;
  };
  return async ({ files, artifacts }) => {
    // The branch holds the documents already, and was given the artifacts with them.
    if (files.length === 0) return [];
    const placed = artifacts.map((artifact) => {
      const key = `${artifact.store}\n${artifact.key}`;
      const started = done.get(key) ?? place(artifact);
      done.set(key, started);
      return started;
    });
    return (await Promise.all(placed)).filter((file) => file !== null);
  };
}

/**
 * The command as it was understood the first time. An answer may have got lost after the commit was made: "roll back" without
 * a version must then not take out the next one, nor "promote" another canary, nor "--canary next" go two steps.
 */
function pinned(command: Command, { version, rejection, environment, model, traffic }: Change): Command {
  if (command.verb === "promote") return { ...command, version };
  if (command.verb === "deploy" && command.weight === "next") {
    const share = traffic.after.find((entry) => entry.version === version);
    return { ...command, weight: share?.percent ?? null };
  }
  if (command.verb !== "rollback" || command.cut !== null || command.to !== null) return command;
  if (rejection === null || environment === null) return command;
  const { attempt, phase, by, reason, evidence = {}, at } = rejection;
  return {
    ...command,
    cut: { environment, model, version: rejection.version, attempt, phase, by, reason, evidence, at },
  };
}
