/** Pull requests and their comments as REST shows them. */
import type { RestEndpointMethodTypes } from "@octokit/rest";
import { changedFiles, commitsBetween } from "../git/history.ts";
import { timestamp } from "../git/parse.ts";
import { mergeBase } from "../git/refs.ts";
import { defaultBranch } from "../git/repository.ts";
import { nodeId } from "../node-id.ts";
import { mergeability } from "../pulls/merge.ts";
import type { Comment, PullRequest } from "../pulls/store.ts";
import { accountOf } from "../users.ts";
import { repoApiUrl, repoPageUrl, type Scope, type World } from "../world.ts";
import { fullRepository, ownerAccount, simpleUser } from "./represent-repository.ts";

export type PullDetails = RestEndpointMethodTypes["pulls"]["get"]["response"]["data"];
export type PullSummary = RestEndpointMethodTypes["pulls"]["list"]["response"]["data"][number];
export type IssueComment = RestEndpointMethodTypes["issues"]["listComments"]["response"]["data"][number];

/** A pull request as one call answers it: with its size, and whether it can be merged. */
export async function pullDetails(scope: Scope, pull: PullRequest): Promise<PullDetails> {
  const { world } = scope;
  const { repository } = world;
  const base = await mergeBase(repository, pull.baseOid, pull.headOid);
  const [common, files, commits, state] = await Promise.all([
    commonFields(scope, pull),
    changedFiles(repository, base, pull.headOid),
    commitsBetween(repository, pull.baseOid, pull.headOid),
    mergeability(world, pull),
  ]);
  const sum = (of: "additions" | "deletions") => files.reduce((total, file) => total + file[of], 0);
  return {
    ...common,
    state: pull.state,
    merged: pull.merged !== null,
    merged_by: pull.merged?.by ? simpleUser(world, pull.merged.by) : null,
    mergeable: pull.state === "closed" ? null : state !== "dirty",
    mergeable_state: state,
    comments: pull.comments.length,
    review_comments: 0,
    maintainer_can_modify: false,
    commits: commits.length,
    additions: sum("additions"),
    deletions: sum("deletions"),
    changed_files: files.length,
  };
}

/** A pull request as a list has it. */
export async function pullSummary(scope: Scope, pull: PullRequest): Promise<PullSummary> {
  return commonFields(scope, pull);
}

async function commonFields(scope: Scope, pull: PullRequest) {
  const { world, user } = scope;
  const repo = fullRepository(world, user, await defaultBranch(world.repository));
  const owner = simpleUser(world, ownerAccount(world));
  const side = (ref: string, sha: string) => ({ label: `${world.owner}:${ref}`, ref, sha, repo, user: owner });
  return {
    id: pull.number,
    node_id: nodeId("PullRequest", pull.number),
    number: pull.number,
    state: pull.state,
    locked: false,
    draft: pull.draft,
    title: pull.title,
    body: pull.body,
    user: simpleUser(world, pull.author),
    labels: [],
    milestone: null,
    assignee: null,
    assignees: [],
    requested_reviewers: [],
    requested_teams: [],
    created_at: timestamp(pull.createdAt),
    updated_at: timestamp(pull.updatedAt),
    closed_at: pull.closedAt && timestamp(pull.closedAt),
    merged_at: pull.merged && timestamp(pull.merged.at),
    merge_commit_sha: pull.merged?.commitOid ?? null,
    head: side(pull.headRef, pull.headOid),
    base: side(pull.baseRef, pull.baseOid),
    author_association: "COLLABORATOR" as const,
    auto_merge: autoMerge(world, pull),
    active_lock_reason: null,
    ...pullUrls(scope, pull),
  };
}

function autoMerge(world: World, { autoMerge: asked }: PullRequest) {
  if (asked === null) return null;
  const { method, title = "", message = "" } = asked.request;
  const by = simpleUser(world, accountOf(asked.by));
  return { enabled_by: by, merge_method: method, commit_title: title, commit_message: message };
}

function pullUrls({ world }: Scope, pull: PullRequest) {
  const api = repoApiUrl(world);
  const url = `${api}/pulls/${pull.number}`;
  const issue = `${api}/issues/${pull.number}`;
  const page = `${repoPageUrl(world)}/pull/${pull.number}`;
  const links = {
    commits_url: `${url}/commits`,
    review_comments_url: `${url}/comments`,
    review_comment_url: `${api}/pulls/comments{/number}`,
    comments_url: `${issue}/comments`,
    statuses_url: `${api}/statuses/${pull.headOid}`,
  };
  return {
    url,
    html_url: page,
    diff_url: `${page}.diff`,
    patch_url: `${page}.patch`,
    issue_url: issue,
    ...links,
    _links: {
      self: { href: url },
      html: { href: page },
      issue: { href: issue },
      comments: { href: links.comments_url },
      review_comments: { href: links.review_comments_url },
      review_comment: { href: links.review_comment_url },
      commits: { href: links.commits_url },
      statuses: { href: links.statuses_url },
    },
  };
}

export function issueComment({ world }: Scope, pull: PullRequest, comment: Comment): IssueComment {
  const api = repoApiUrl(world);
  return {
    id: comment.id,
    node_id: nodeId("IssueComment", comment.id),
    url: `${api}/issues/comments/${comment.id}`,
    html_url: `${repoPageUrl(world)}/pull/${pull.number}#issuecomment-${comment.id}`,
    issue_url: `${api}/issues/${pull.number}`,
    user: simpleUser(world, comment.author),
    author_association: "COLLABORATOR",
    body: comment.body,
    created_at: timestamp(comment.createdAt),
    updated_at: timestamp(comment.createdAt),
  };
}
