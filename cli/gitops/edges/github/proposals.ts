import type { OpenProposal } from "../../core/change.ts";
import type { BranchState, OpenPull, ProposalScope, RemoteSnapshot } from "../../core/ports.ts";
import {
  commentsQuery,
  filesQuery,
  longestBranch,
  pullsQuery,
  searchQuery,
  type BranchAnswer,
  type CommentsAnswer,
  type FilesAnswer,
  type Page,
  type PullAnswer,
  type ProposalsAnswer,
} from "./proposals-query.ts";
import { attemptAt, type Repository } from "./repository.ts";

type Proposals = Pick<RemoteSnapshot, "branches" | "openPulls" | "proposals">;

/**
 * The branches and open pull requests that a read has asked for. All of it came with the read, unless a search finds more than
 * a hundred branches, or every pull request is wanted and more than a hundred are open.
 */
export async function readProposals(
  repository: Repository,
  { branches, searches, all }: ProposalScope,
  answer: ProposalsAnswer,
): Promise<Proposals> {
  const named = branches.map((_, at) => answer[`b${at}`] ?? null).filter((node) => node !== null);
  const found = await Promise.all(
    searches.map(({ folder, text }, at) =>
      following(repository, answer[`s${at}`] ?? nothing, (after) => searchQuery(folder, text, after)),
    ),
  );
  const pulls = all
    ? await following(repository, answer.pulls ?? nothing, pullsQuery)
    : (answer.pulls ?? nothing).nodes;
  const states = [...named, ...found.flat()].map((node) => branchState(node, repository.baseBranch));
  const byName = new Map(states.map((state) => [state.name, state]));
  const openPulls = pulls.map(({ number, url, headRefName, isCrossRepository }): OpenPull => {
    return { number, url, branch: isCrossRepository ? null : headRefName };
  });
  return { branches: [...byName.values()], openPulls, proposals: proposalsOf([...byName.values()], pulls) };
}

const nothing = { pageInfo: { hasNextPage: false, endCursor: null }, nodes: [] } as const;

/** The nodes of a first page that a read has brought, and of those after it. */
async function following<Node>(
  repository: Repository,
  first: Page<Node>,
  queryAfter: (after: string | null) => string,
): Promise<readonly Node[]> {
  const { owner, name, baseBranch: base, slug, client } = repository;
  const attempt = attemptAt(repository, `reading ${slug}`, "Contents: read, Pull requests: read");
  const nodes = [...first.nodes];
  let { pageInfo } = first;
  while (pageInfo.hasNextPage) {
    const query = queryAfter(pageInfo.endCursor);
    const { repository: next } = await client.attempt(attempt, (octokit) =>
      octokit.graphql<{ repository: { found: Page<Node> } }>(query, { owner, name, base }),
    );
    nodes.push(...next.found.nodes);
    ({ pageInfo } = next.found);
  }
  return nodes;
}

/**
 * The commits that the base lacks are the newest `behindBy` of the branch's history as long as each has one parent, and the
 * first that has more is among them. A branch whose pull request goes somewhere else than the base is nobody's to touch, nor
 * is one that has nothing in common with the base.
 */
function branchState(node: BranchAnswer, baseBranch: string): BranchState {
  const name = `${node.prefix}${node.name}`.replace(/^refs\/heads\//, "");
  const pulls = node.associatedPullRequests.nodes;
  const pull = pulls.find((candidate) => candidate.baseRefName === baseBranch);
  const elsewhere = pull === undefined && pulls.length > 0;
  const count = node.compare?.behindBy ?? Number.POSITIVE_INFINITY;
  const isKnown = !elsewhere && count <= longestBranch;
  const commits = (isKnown ? node.target.history?.nodes.slice(0, count) : undefined)?.map((commit) => ({
    oid: commit.oid,
    message: commit.message,
    parents: commit.parents.totalCount,
    rewritten: Date.parse(commit.authoredDate) !== Date.parse(commit.committedDate),
  }));
  // Pull requests are known by the branch's name: one of an earlier branch of that name says nothing of these commits.
  const isLeft = node.settled.nodes.some(
    ({ headRefOid }) => commits === undefined || commits.some(({ oid }) => oid === headRefOid),
  );
  return {
    name,
    head: node.target.oid,
    commits: commits ?? null,
    settled: elsewhere || node.compare === null || isLeft,
    pullRequest:
      pull === undefined
        ? null
        : { branch: name, number: pull.number, url: pull.url, title: pull.title, body: pull.body },
  };
}

/** mmsp's own among the open ones, each once, as planning sees them. */
function proposalsOf(branches: readonly BranchState[], pulls: readonly PullAnswer[]): readonly OpenProposal[] {
  const asked = branches.flatMap(({ pullRequest }) => pullRequest ?? []);
  const listed = pulls.flatMap(({ number, url, title, headRefName: branch, isCrossRepository }) =>
    isCrossRepository || !branch.startsWith("mmsp/") ? [] : [{ branch, number, url, title }],
  );
  const all = [...asked, ...listed].map(
    ({ branch, number, url, title }) => [number, { branch, number, url, title }] as const,
  );
  return [...new Map(all).values()];
}

/**
 * Paths that pull requests change, by number; of a long diff the first hundred. It takes GitHub a while to work them out, so
 * this is no part of a read. One call, of at most a hundred numbers.
 */
export async function readChangedFiles(
  repository: Repository,
  numbers: readonly number[],
): Promise<ReadonlyMap<number, readonly string[]>> {
  const { owner, name, slug, client } = repository;
  const attempt = attemptAt(repository, `reading the pull requests of ${slug}`, "Pull requests: read");
  const { repository: answer } = await client.attempt(attempt, (octokit) =>
    octokit.graphql<{ repository: FilesAnswer }>(filesQuery(numbers), { owner, name }),
  );
  return new Map(
    numbers.map((number) => [number, answer[`p${number}`]?.files?.nodes.map(({ path }) => path) ?? []] as const),
  );
}

/** Texts of the comments on pull requests, by number; of many the last hundred. One call, of at most a hundred numbers. */
export async function readComments(
  repository: Repository,
  numbers: readonly number[],
): Promise<ReadonlyMap<number, readonly string[]>> {
  const { owner, name, slug, client } = repository;
  const attempt = attemptAt(repository, `reading the comments of ${slug}`, "Pull requests: read");
  const { repository: answer } = await client.attempt(attempt, (octokit) =>
    octokit.graphql<{ repository: CommentsAnswer }>(commentsQuery(numbers), { owner, name }),
  );
  return new Map(numbers.map((number) => [number, answer[`p${number}`]?.comments.nodes.map(({ body }) => body) ?? []]));
}
