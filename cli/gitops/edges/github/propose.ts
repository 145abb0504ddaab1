import { HeadMoved, type ExistingPlacement, type ProposalRequest, type PullRequest } from "../../core/ports.ts";
import { commitOn } from "./commit.ts";
import { wordsOf } from "./failure.ts";
import { writeCommit } from "./git-data.ts";
import { moveBranch } from "./move-branch.ts";
import { attemptAt, type Repository } from "./repository.ts";

/**
 * Carries out a placement. Every step is refused when the branch is no longer where the read saw it, so two that propose the
 * same at once end with one pull request and both commits accounted for.
 */
export async function proposeChange(repository: Repository, request: ProposalRequest): Promise<PullRequest> {
  const { placement, baseHead, files, message } = request;
  if (placement.kind === "open") {
    const { branch, head } = placement;
    await moveBranch(repository, branch, { from: head, to: baseHead });
    await commitOn(repository, { branch, expectedHead: baseHead, files, message });
    return openPull(repository, request, branch);
  }
  const committed = files.length > 0;
  if (committed) await addCommit(repository, request, placement);
  const edited = await editPull(repository, request, placement);
  const { branch, state } = placement;
  const { number, url } = state.pullRequest;
  return { number, url, branch, action: committed || edited ? "updated" : "unchanged" };
}

/**
 * `createCommitOnBranch` appends, and resetting the branch first would close its pull request: a commit that takes the place
 * of ours is made apart and the branch moved to it in one step.
 */
async function addCommit(
  repository: Repository,
  request: ProposalRequest,
  placement: ExistingPlacement,
): Promise<void> {
  const { baseHead, files, message } = request;
  const { branch, state } = placement;
  if (placement.kind === "append") {
    await commitOn(repository, { branch, expectedHead: state.head, files, message });
    return;
  }
  const { oid } = await writeCommit(repository, baseHead, files, message);
  await moveBranch(repository, branch, { from: state.head, to: oid });
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
  { state: { pullRequest } }: ExistingPlacement,
): Promise<boolean> {
  if (pullRequest.title === title && plain(pullRequest.body) === plain(body)) return false;
  const { owner, name: repo, slug } = repository;
  await repository.client.attempt(
    attemptAt(repository, `updating pull request #${pullRequest.number} of ${slug}`, "Pull requests: write"),
    (octokit) => octokit.rest.pulls.update({ owner, repo, pull_number: pullRequest.number, title, body }),
  );
  return true;
}

/** GitHub's editor leaves CRLF behind. */
function plain(body: string): string {
  return body.replaceAll("\r\n", "\n").trim();
}
