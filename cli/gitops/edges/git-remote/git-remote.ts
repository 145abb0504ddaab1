import { fail } from "../../../../schemas/problem.ts";
import {
  HeadMoved,
  OutsideError,
  ProtectedBranch,
  type CommitRequest,
  type Forge,
  type ProposalRequest,
  type PushedBranch,
  type RemoteSnapshot,
  type Scope,
} from "../../core/ports.ts";
import { openProposals, readBranches } from "./branches.ts";
import { attemptOn, withClone, type Clone, type RemoteOptions } from "./clone.ts";
import { readDocuments } from "./documents.ts";
import { ensureCommits, headOf, listHeads } from "./fetch.ts";
import { cleaned } from "./failure.ts";
import { makeCommit, pushCommit, type Identity } from "./write.ts";

export interface GitRemoteOptions extends RemoteOptions {
  readonly identity: Identity;
}

/** A branch may move between the listing of all of them and the fetch. */
const mostReads = 5;

/**
 * A repository behind plain git: `file://`, ssh, or https on a server whose API mmsp does not speak. Reads by a shallow fetch
 * into a clone of its own, and writes by a push that is refused where the branch has moved. Proposals are branches; a person
 * opens what merges them. Errors: ProblemError for what the person can mend, OutsideError for the rest, and the port's own.
 */
export function createGitRemote(options: GitRemoteOptions): Forge {
  return {
    proposes: "branches",
    read: (scope, ref) => withClone(options, (clone) => readSnapshot(clone, scope, ref ?? options.baseBranch)),
    commit: (request) => withClone(options, (clone) => commitOn(clone, request, options.identity)),
    propose: (request) => withClone(options, (clone) => proposeBranch(clone, request, options.identity)),
    pull: () => Promise.reject(noForge(options, "pull requests")),
    changedFiles: () => Promise.resolve(new Map()),
    commentsOn: () => Promise.resolve(new Map()),
    comment: () => Promise.reject(noForge(options, "comments")),
    enableAutoMerge: () => Promise.reject(noForge(options, "auto-merge")),
  };
}

async function readSnapshot(clone: Clone, scope: Scope, branch: string): Promise<RemoteSnapshot> {
  for (let tries = 1; ; tries++) {
    try {
      return await readOnce(clone, scope, branch);
    } catch (error) {
      if (!(error instanceof HeadMoved) || tries === mostReads) throw error;
    }
  }
}

async function readOnce(clone: Clone, scope: Scope, branch: string): Promise<RemoteSnapshot> {
  const { address, baseBranch } = clone.options;
  const heads = await listHeads(clone);
  const head = headOf(heads, branch, address);
  headOf(heads, baseBranch, address);
  await ensureCommits(clone, heads, [...new Set([branch, baseBranch])]);
  const branches = scope.proposals === undefined ? [] : await readBranches(clone, heads, scope.proposals);
  const proposals = scope.proposals === undefined ? [] : openProposals(heads, branches, address);
  const documents = await readDocuments(clone, head, scope);
  return { head, ...documents, branches, proposals, openPulls: [] };
}

async function commitOn(clone: Clone, { branch, expectedHead, files, message }: CommitRequest, identity: Identity) {
  await bring(clone, branch, expectedHead);
  const oid = await makeCommit(clone, { parent: expectedHead, files, message, identity, now: new Date() });
  await pushCommit(clone, branch, { from: expectedHead, to: oid });
  return { oid, url: clone.options.address };
}

async function proposeBranch(clone: Clone, request: ProposalRequest, identity: Identity): Promise<PushedBranch> {
  const { placement, base, baseHead, files, message } = request;
  const { branch } = placement;
  const about = { branch, base, remote: clone.options.address };
  if (files.length === 0) return { ...about, action: "unchanged", url: null };
  const from = placement.kind === "open" ? placement.head : placement.state.head;
  const isAppended = placement.kind === "append" || placement.kind === "adopt";
  const parent = isAppended ? placement.state.head : baseHead;
  await bring(clone, isAppended ? branch : base, parent);
  const oid = await makeCommit(clone, { parent, files, message, identity, now: new Date() });
  const said = await pushCommit(clone, branch, { from, to: oid }).catch((error: unknown) => refusedBranch(error));
  const action = placement.kind === "open" ? "pushed" : "updated";
  return { ...about, action, url: linkIn(cleaned(said, clone.options.secrets)) };
}

/** The clone may be another one than the read's, and not hold the commit yet. */
async function bring(clone: Clone, branch: string, oid: string): Promise<void> {
  if ((await clone.git(["cat-file", "-e", `${oid}^{tree}`])).ok) return;
  const heads = await listHeads(clone);
  if (heads.get(branch) !== oid) throw new HeadMoved(`the branch "${branch}" has moved`);
  await ensureCommits(clone, heads, [branch]);
}

/** There is no other way left than mmsp's own branch: why the server does not take it is for a person. */
function refusedBranch(error: unknown): never {
  if (!(error instanceof ProtectedBranch)) throw error;
  const hint = `let whoever pushes create branches below mmsp/, or mend what the server's hook asks for`;
  return fail({ code: "git-push-refused", message: error.message, hint }, { cause: error });
}

/** Servers answer a push of a branch with the page that opens a merge request. */
function linkIn(said: string): string | null {
  return /^remote: .*?(https?:\/\/[^\s"'<>]+)/m.exec(said)?.[1] ?? null;
}

function noForge(options: RemoteOptions, what: string): OutsideError {
  const { remote } = attemptOn(options, "");
  const hint = `a person merges the branch at ${options.address}; \`mmsp status --repo ${options.address}\` says what is merged there`;
  return new OutsideError(`${remote} is plain git to mmsp: there are no ${what}`, { retryable: false, hint });
}
