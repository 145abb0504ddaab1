import { saysSame } from "../../core/placement.ts";
import {
  HeadMoved,
  type BranchState,
  type BranchWithPull,
  type ExistingPlacement,
  type Placement,
  type ProposalRequest,
  type PullRequest,
} from "../../core/ports.ts";
import { commitOn } from "./commit.ts";
import { wordsOf } from "./failure.ts";
import { writeCommit } from "./git-data.ts";
import { moveBranch } from "./move-branch.ts";
import { attemptAt, type Repository } from "./repository.ts";

/**
 * Carries out a placement. Every step is refused when the branch is no longer where the read saw it, so two that propose the
 * same at once end with one pull request and nobody's commit lost.
 */
export async function proposeChange(repository: Repository, request: ProposalRequest): Promise<PullRequest> {
  const { placement, files } = request;
  if (placement.kind === "open") {
    await startBranch(repository, request, placement);
    return openPull(repository, request, placement.branch);
  }
  if (placement.kind === "adopt") {
    if (files.length > 0) await appendCommit(repository, request, placement);
    return openPull(repository, request, placement.branch);
  }
  const committed = files.length > 0;
  if (committed) await addCommit(repository, request, placement);
  const edited = await editPull(repository, request, placement);
  const { branch, state } = placement;
  const { url } = state.pullRequest;
  return { number: numberOf(state), url, branch, action: committed || edited ? "updated" : "unchanged" };
}

async function startBranch(
  repository: Repository,
  request: ProposalRequest,
  { branch, head }: Placement & { readonly kind: "open" },
): Promise<void> {
  const { baseHead, files, message } = request;
  if (head !== null && head !== baseHead) return replaceCommits(repository, request, branch, head);
  if (head === null) await moveBranch(repository, branch, { from: null, to: baseHead });
  await commitOn(repository, { branch, expectedHead: baseHead, files, message });
}

async function addCommit(
  repository: Repository,
  request: ProposalRequest,
  placement: ExistingPlacement,
): Promise<void> {
  if (placement.kind === "append") return appendCommit(repository, request, placement);
  return replaceCommits(repository, request, placement.branch, placement.state.head);
}

async function appendCommit(
  repository: Repository,
  { files, message }: ProposalRequest,
  { branch, state: { head } }: { readonly branch: string; readonly state: BranchState },
): Promise<void> {
  await commitOn(repository, { branch, expectedHead: head, files, message });
}

/**
 * One commit on the base head in the place of the branch's own. It is made apart and the branch moved to it in one step:
 * `createCommitOnBranch` only appends, and a branch set back to the base first would close its pull request, also one that
 * somebody has opened since the read.
 */
async function replaceCommits(
  repository: Repository,
  { baseHead, files, message }: ProposalRequest,
  branch: string,
  head: string,
): Promise<void> {
  const { oid } = await writeCommit(repository, baseHead, files, message);
  await moveBranch(repository, branch, { from: head, to: oid });
}

async function openPull(repository: Repository, request: ProposalRequest, branch: string): Promise<PullRequest> {
  const { owner, name: repo, slug, client } = repository;
  const { base, title, body } = request;
  const { data } = await client.attempt(
    attemptAt(repository, `opening a pull request on ${slug}`, "Pull requests: write"),
    (octokit) => octokit.rest.pulls.create({ owner, repo, head: branch, base, title, body }),
    // Somebody else opened it, or set the branch back, since the commit.
    (failure, cause) =>
      /pull request already exists|no commits between|"field":"head"/i.test(wordsOf(failure))
        ? new HeadMoved(`the branch "${branch}" has moved`, { cause })
        : null,
  );
  return { number: data.number, url: data.html_url, branch, action: "opened" };
}

/** True where title or body were not what they should be. */
async function editPull(
  repository: Repository,
  { title, body }: ProposalRequest,
  { state }: ExistingPlacement,
): Promise<boolean> {
  if (saysSame(state.pullRequest, { title, body })) return false;
  const number = numberOf(state);
  const { owner, name: repo, slug } = repository;
  await repository.client.attempt(
    attemptAt(repository, `updating pull request #${number} of ${slug}`, "Pull requests: write"),
    (octokit) => octokit.rest.pulls.update({ owner, repo, pull_number: number, title, body }),
  );
  return true;
}

function numberOf({ name, pullRequest }: BranchWithPull): number {
  if (pullRequest.number === null) throw new Error(`${name} was read from a remote that is not GitHub`);
  return pullRequest.number;
}
