/** Pull requests and their comments. */
import type { RepositoryPullRequestsArgs } from "@octokit/graphql-schema";
import { notImplemented, Refusal } from "../fault.ts";
import { changedFiles, commitsBetween, type FileChange } from "../git/history.ts";
import { timestamp } from "../git/parse.ts";
import { branchRef, mergeBase, readRef } from "../git/refs.ts";
import { nodeId } from "../node-id.ts";
import { mergeability } from "../pulls/merge.ts";
import { rulesFor } from "../rules/rules.ts";
import { reviewDecision } from "../rules/violations.ts";
import { accountOf } from "../users.ts";
import type { AutoMerge, Comment, PullRequest } from "../pulls/store.ts";
import { repoPageUrl, type Scope } from "../world.ts";
import { accountSource } from "./account-resolvers.ts";
import { connection, PAGE_ARGUMENTS, type PageArguments } from "./connection.ts";
import { objectByOid } from "./object-resolvers.ts";
import { withArguments, type Fields, type Resolvers } from "./resolver.ts";

export type PullListArguments = RepositoryPullRequestsArgs;

export const PULL_LIST_ARGUMENTS = [
  ...PAGE_ARGUMENTS,
  "states",
  "headRefName",
  "baseRefName",
  "labels",
  "orderBy",
] as const;

type CommentSource = Comment & { readonly pull: PullRequest };

function stateOf(pull: PullRequest): "OPEN" | "CLOSED" | "MERGED" {
  if (pull.merged) return "MERGED";
  return pull.state === "open" ? "OPEN" : "CLOSED";
}

/** The pull requests that the arguments ask for; oldest first unless they say otherwise, as GitHub has it. */
export function listPulls(
  { world }: Scope,
  args: PullListArguments,
  field: string,
  belongs: (pull: PullRequest) => boolean = () => true,
) {
  const order = args.orderBy ?? { field: "CREATED_AT", direction: "ASC" };
  if (order.field === "COMMENTS") throw notImplemented("pull requests by COMMENTS");
  const matches = world.pulls
    .all()
    .filter(belongs)
    .filter((pull) => args.states == null || args.states.includes(stateOf(pull)))
    .filter((pull) => args.headRefName == null || args.headRefName === pull.headRef)
    .filter((pull) => args.baseRefName == null || args.baseRefName === pull.baseRef)
    // No pull request has a label here, so a list of labels to choose by chooses none.
    .filter(() => args.labels == null || args.labels.length === 0);
  const time = (pull: PullRequest) => (order.field === "CREATED_AT" ? pull.createdAt : pull.updatedAt).getTime();
  const ascending = matches.sort((a, b) => time(a) - time(b) || a.number - b.number);
  return connection(order.direction === "DESC" ? ascending.reverse() : ascending, args, field);
}

export function requirePullNumber({ world }: Scope, number: number): PullRequest {
  const pull = world.pulls.find(number);
  if (pull) return pull;
  throw new Refusal("not-found", `Could not resolve to a PullRequest with the number of ${number}.`);
}

async function filesOf({ world }: Scope, pull: PullRequest): Promise<readonly FileChange[]> {
  const base = await mergeBase(world.repository, pull.baseOid, pull.headOid);
  return changedFiles(world.repository, base, pull.headOid);
}

const optionalTime = (date: Date | null | undefined) => (date ? timestamp(date) : null);

const plainFields: Fields = {
  id: (pull: PullRequest) => nodeId("PullRequest", pull.number),
  databaseId: (pull: PullRequest) => pull.number,
  number: (pull: PullRequest) => pull.number,
  url: (pull: PullRequest, _args: unknown, { world }: Scope) => `${repoPageUrl(world)}/pull/${pull.number}`,
  title: (pull: PullRequest) => pull.title,
  body: (pull: PullRequest) => pull.body ?? "",
  state: stateOf,
  closed: (pull: PullRequest) => pull.state === "closed",
  merged: (pull: PullRequest) => pull.merged !== null,
  isDraft: (pull: PullRequest) => pull.draft,
  isCrossRepository: () => false,
  createdAt: (pull: PullRequest) => timestamp(pull.createdAt),
  updatedAt: (pull: PullRequest) => timestamp(pull.updatedAt),
  closedAt: (pull: PullRequest) => optionalTime(pull.closedAt),
  mergedAt: (pull: PullRequest) => optionalTime(pull.merged?.at),
  author: (pull: PullRequest) => accountSource(pull.author),
  mergedBy: (pull: PullRequest) => pull.merged?.by && accountSource(pull.merged.by),
  headRefName: (pull: PullRequest) => pull.headRef,
  headRefOid: (pull: PullRequest) => pull.headOid,
  baseRefName: (pull: PullRequest) => pull.baseRef,
  baseRefOid: (pull: PullRequest) => pull.baseOid,
  autoMergeRequest: (pull: PullRequest) => pull.autoMerge,
  reviewDecision: (pull: PullRequest, _args: unknown, { world }: Scope) =>
    reviewDecision(rulesFor(world.settings.rules, pull.baseRef), pull),
};

const derivedFields: Fields = {
  repository: () => ({}),
  headRef: (pull: PullRequest, _args: unknown, { world }: Scope) => readRef(world.repository, branchRef(pull.headRef)),
  baseRef: (pull: PullRequest, _args: unknown, { world }: Scope) => readRef(world.repository, branchRef(pull.baseRef)),
  mergeCommit: (pull: PullRequest, _args: unknown, scope: Scope) =>
    pull.merged && objectByOid(scope, pull.merged.commitOid),
  mergeable: async (pull: PullRequest, _args: unknown, { world }: Scope) => {
    const state = await mergeability(world, pull);
    if (state === "unknown") return "UNKNOWN";
    return state === "dirty" ? "CONFLICTING" : "MERGEABLE";
  },
  mergeStateStatus: async (pull: PullRequest, _args: unknown, { world }: Scope) =>
    (await mergeability(world, pull)).toUpperCase(),
  changedFiles: async (pull: PullRequest, _args: unknown, scope: Scope) => (await filesOf(scope, pull)).length,
  files: withArguments(PAGE_ARGUMENTS, async (pull: PullRequest, args: PageArguments, scope) =>
    connection(await filesOf(scope, pull), args, "files"),
  ),
  commits: withArguments(PAGE_ARGUMENTS, async (pull: PullRequest, args: PageArguments, { world }) =>
    connection(await commitsBetween(world.repository, pull.baseOid, pull.headOid), args, "commits"),
  ),
  comments: withArguments(PAGE_ARGUMENTS, (pull: PullRequest, args: PageArguments) =>
    connection(
      pull.comments.map((comment): CommentSource => ({ ...comment, pull })),
      args,
      "comments",
    ),
  ),
};

export const pullResolvers: Resolvers = {
  AutoMergeRequest: {
    enabledAt: ({ at }: AutoMerge) => timestamp(at),
    enabledBy: ({ by }: AutoMerge) => accountSource(accountOf(by)),
    mergeMethod: ({ request }: AutoMerge) => request.method.toUpperCase(),
  },
  PullRequest: { ...plainFields, ...derivedFields },
  PullRequestChangedFile: {
    path: (file: FileChange) => file.path,
    additions: (file: FileChange) => file.additions,
    deletions: (file: FileChange) => file.deletions,
    changeType: (file: FileChange) => (file.status === "removed" ? "DELETED" : file.status.toUpperCase()),
  },
  PullRequestCommit: {
    commit: (commit: { oid: string }, _args: unknown, scope: Scope) => objectByOid(scope, commit.oid),
  },
  IssueComment: {
    id: (comment: CommentSource) => nodeId("IssueComment", comment.id),
    databaseId: (comment: CommentSource) => comment.id,
    body: (comment: CommentSource) => comment.body,
    author: (comment: CommentSource) => accountSource(comment.author),
    createdAt: (comment: CommentSource) => timestamp(comment.createdAt),
    url: (comment: CommentSource, _args: unknown, { world }: Scope) =>
      `${repoPageUrl(world)}/pull/${comment.pull.number}#issuecomment-${comment.id}`,
  },
};
