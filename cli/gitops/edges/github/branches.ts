import type { OpenProposal } from "../../core/change.ts";
import type { BranchState } from "../../core/ports.ts";
import { longestBranch, branchesQuery, type BranchAnswer, type BranchesAnswer } from "./query.ts";
import { attemptAt, type Repository } from "./repository.ts";

/** mmsp's branches for a model (null: all), from the first page that a read has brought and those after it. */
export async function readBranches(
  repository: Repository,
  model: string | null,
  first: BranchesAnswer,
): Promise<readonly BranchState[]> {
  const nodes = [...first.nodes];
  let { pageInfo } = first;
  while (pageInfo.hasNextPage) {
    const next = await nextPage(repository, model, pageInfo.endCursor);
    nodes.push(...next.nodes);
    pageInfo = next.pageInfo;
  }
  return nodes
    .map((node) => ({ name: `${node.prefix}${node.name}`.replace(/^refs\/heads\//, ""), node }))
    .filter(({ name }) => model === null || name.split("/")[2] === model)
    .map(({ name, node }) => branchState(name, node, repository.baseBranch));
}

async function nextPage(repository: Repository, model: string | null, after: string | null): Promise<BranchesAnswer> {
  const { owner, name, baseBranch: base } = repository;
  const attempt = attemptAt(repository, `reading the branches of ${repository.slug}`, "Contents: read");
  return repository.client.attempt(attempt, async (octokit) => {
    const variables = { owner, name, base, model, after };
    const answer = await octokit.graphql<{ repository: { refs: BranchesAnswer } }>(branchesQuery, variables);
    return answer.repository.refs;
  });
}

/**
 * The commits that the base lacks are the newest `behindBy` of the branch's history as long as each has one parent, and the
 * first that has more is among them. A branch whose pull request goes somewhere else than the base is nobody's to touch.
 */
function branchState(name: string, node: BranchAnswer, baseBranch: string): BranchState {
  const pulls = node.associatedPullRequests.nodes;
  const pull = pulls.find((candidate) => candidate.baseRefName === baseBranch);
  const elsewhere = pull === undefined && pulls.length > 0;
  const count = node.compare?.behindBy ?? Number.POSITIVE_INFINITY;
  const commits = node.target.history?.nodes.slice(0, count).map((commit) => ({
    oid: commit.oid,
    message: commit.message,
    parents: commit.parents.totalCount,
    rewritten: Date.parse(commit.authoredDate) !== Date.parse(commit.committedDate),
  }));
  return {
    name,
    head: node.target.oid,
    commits: commits === undefined || elsewhere || count > longestBranch ? null : commits,
    pullRequest:
      pull === undefined
        ? null
        : { branch: name, number: pull.number, url: pull.url, title: pull.title, body: pull.body },
  };
}

/** The open ones among them, as planning sees them. */
export function proposalsOf(branches: readonly BranchState[]): readonly OpenProposal[] {
  return branches.flatMap(({ pullRequest }) =>
    pullRequest === null ? [] : [{ branch: pullRequest.branch, number: pullRequest.number, url: pullRequest.url }],
  );
}
