/** Queries and mutations. */
import type {
  AddCommentInput,
  ClosePullRequestInput,
  CreateCommitOnBranchInput,
  CreatePullRequestInput,
  CreateRefInput,
  DeleteRefInput,
  DisablePullRequestAutoMergeInput,
  EnablePullRequestAutoMergeInput,
  MergePullRequestInput,
  UpdatePullRequestInput,
  UpdateRefInput,
  UpdateRefsInput,
} from "@octokit/graphql-schema";
import { refuseUngranted } from "../apps/permissions.ts";
import { notImplemented, Refusal } from "../fault.ts";
import type { Ref } from "../git/refs.ts";
import { createRef, deleteRef, moveRefs } from "../move-ref.ts";
import { nodeId, nodeKey, type NodeType } from "../node-id.ts";
import { enableAutoMerge } from "../pulls/auto-merge.ts";
import { mergePull } from "../pulls/merge.ts";
import { editPull, openPull } from "../pulls/open.ts";
import type { Comment, PullRequest } from "../pulls/store.ts";
import { accountOf } from "../users.ts";
import { isServed, refuseWrites, type Scope } from "../world.ts";
import { accountSource } from "./account-resolvers.ts";
import { createCommitOnBranch } from "./commit-mutation.ts";
import { objectByOid } from "./object-resolvers.ts";
import { withArguments, type Field, type Fields, type Resolvers } from "./resolver.ts";

function unknownNode(id: string): Refusal {
  return new Refusal("not-found", `Could not resolve to a node with the global id of '${id}'`);
}

function requireKey(type: NodeType, id: string): string {
  const key = nodeKey(type, id);
  if (key === null) throw unknownNode(id);
  return key;
}

function requireRepository(id: string): void {
  if (id !== nodeId("Repository", 1)) throw unknownNode(id);
}

function requirePull({ world }: Scope, id: string): PullRequest {
  const pull = world.pulls.find(Number(requireKey("PullRequest", id)));
  if (!pull) throw unknownNode(id);
  return pull;
}

/** An input that is set and would not be obeyed is refused, so that nobody believes that it was. */
function refuseInputs<Input extends object>(input: Input, ...names: readonly (keyof Input & string)[]): void {
  const set = names.find((name) => input[name] != null);
  if (set !== undefined) throw notImplemented(`the input "${set}"`);
}

interface MutationInput {
  readonly clientMutationId?: string | null;
}

/** A mutation: needs the right to write, and hands back the caller's clientMutationId. */
function mutation(run: (input: never, scope: Scope) => Promise<object> | object): Field {
  return withArguments(["input"], async (_source: unknown, { input }: { input: MutationInput }, scope) => {
    refuseWrites(scope.world, scope.user);
    return { ...(await run(input as never, scope)), clientMutationId: input.clientMutationId ?? null };
  });
}

/** An App's installation may call the mutations that it was given the permission for. */
function granted(fields: Fields): Fields {
  const guarded = Object.entries(fields).map(([name, field]): readonly [string, Field] => {
    if (typeof field === "function") return [name, field];
    const resolve = (source: never, args: never, scope: Scope): unknown => {
      refuseUngranted(scope.user, name);
      return field.resolve(source, args, scope);
    };
    return [name, { args: field.args, resolve }];
  });
  return Object.fromEntries(guarded);
}

const queryFields: Fields = {
  viewer: (_source: unknown, _args: unknown, { user }: Scope) => accountSource(accountOf(user)),
  repository: withArguments(
    ["owner", "name"],
    (_source: unknown, args: { owner: string; name: string }, { world, user }) => {
      if (isServed(world, args.owner, args.name) && user.permission !== "none") return {};
      const message = `Could not resolve to a Repository with the name '${args.owner}/${args.name}'.`;
      throw new Refusal("not-found", message);
    },
  ),
};

const refMutations: Fields = {
  createCommitOnBranch: mutation(async (input: CreateCommitOnBranchInput, scope) => ({
    ref: await createCommitOnBranch(scope, input),
  })),
  createRef: mutation(async (input: CreateRefInput, scope) => {
    requireRepository(input.repositoryId);
    return { ref: await createRef(scope, input.name, input.oid) };
  }),
  updateRef: mutation(async (input: UpdateRefInput, scope) => {
    const move = { name: requireKey("Ref", input.refId), oid: input.oid, force: input.force ?? false };
    const [ref] = await moveRefs(scope, [move]);
    return { ref };
  }),
  updateRefs: mutation(async (input: UpdateRefsInput, scope) => {
    requireRepository(input.repositoryId);
    const moves = input.refUpdates.map(({ name, afterOid, beforeOid, force }) => {
      if ([afterOid, beforeOid].some((oid) => /^0+$/.test(String(oid)))) {
        throw notImplemented("creating or deleting a ref by updateRefs");
      }
      return { name, oid: afterOid, from: beforeOid ?? undefined, force: force ?? false };
    });
    await moveRefs(scope, moves);
    return {};
  }),
  deleteRef: mutation(async (input: DeleteRefInput, scope) => {
    await deleteRef(scope, requireKey("Ref", input.refId));
    return {};
  }),
};

const methods = { MERGE: "merge", SQUASH: "squash", REBASE: "rebase" } as const;

const pullMutations: Fields = {
  createPullRequest: mutation(async (input: CreatePullRequestInput, { world, user }) => {
    requireRepository(input.repositoryId);
    if (input.headRepositoryId != null) requireRepository(input.headRepositoryId);
    const pullRequest = await openPull(world, accountOf(user), {
      title: input.title,
      body: input.body ?? null,
      head: input.headRefName,
      base: input.baseRefName,
      draft: input.draft ?? false,
    });
    return { pullRequest };
  }),
  updatePullRequest: mutation(async (input: UpdatePullRequestInput, scope) => {
    refuseInputs(input, "assigneeIds", "baseRefName", "labelIds", "milestoneId", "projectIds");
    const pullRequest = requirePull(scope, input.pullRequestId);
    const state = input.state == null ? undefined : input.state === "OPEN" ? "open" : "closed";
    const { title, body } = input;
    await editPull(scope.world, pullRequest, { title: title ?? undefined, body: body ?? undefined, state });
    return { pullRequest };
  }),
  closePullRequest: mutation(async (input: ClosePullRequestInput, scope) => {
    const pullRequest = requirePull(scope, input.pullRequestId);
    await editPull(scope.world, pullRequest, { state: "closed" });
    return { pullRequest };
  }),
  mergePullRequest: mutation(async (input: MergePullRequestInput, scope) => {
    refuseInputs(input, "authorEmail");
    const pullRequest = requirePull(scope, input.pullRequestId);
    await mergePull(scope, pullRequest, {
      method: methods[input.mergeMethod ?? "MERGE"],
      headOid: input.expectedHeadOid ?? undefined,
      title: input.commitHeadline ?? undefined,
      message: input.commitBody ?? undefined,
    });
    return { pullRequest };
  }),
  addComment: mutation((input: AddCommentInput, scope) => {
    const pull = requirePull(scope, input.subjectId);
    if (input.body.trim() === "") throw new Refusal("unprocessable", "Body can't be blank");
    const comment = scope.world.pulls.comment(pull, accountOf(scope.user), input.body, scope.world.now());
    return { comment, pull };
  }),
  enablePullRequestAutoMerge: mutation(async (input: EnablePullRequestAutoMergeInput, scope) => {
    refuseInputs(input, "authorEmail");
    const pullRequest = requirePull(scope, input.pullRequestId);
    await enableAutoMerge(scope, pullRequest, {
      method: methods[input.mergeMethod ?? "MERGE"],
      headOid: input.expectedHeadOid ?? undefined,
      title: input.commitHeadline ?? undefined,
      message: input.commitBody ?? undefined,
    });
    return { pullRequest };
  }),
  disablePullRequestAutoMerge: mutation((input: DisablePullRequestAutoMergeInput, scope) => {
    const pullRequest = requirePull(scope, input.pullRequestId);
    pullRequest.autoMerge = null;
    return { pullRequest };
  }),
};

const clientMutationId = (payload: { clientMutationId: string | null }) => payload.clientMutationId;
const ref = (payload: { ref: Ref }) => payload.ref;
const pullRequest = (payload: { pullRequest: PullRequest }) => payload.pullRequest;

export const rootResolvers: Resolvers = {
  Query: queryFields,
  Mutation: granted({ ...refMutations, ...pullMutations }),
  CreateCommitOnBranchPayload: {
    clientMutationId,
    ref,
    commit: (payload: { ref: Ref }, _args: unknown, scope: Scope) => objectByOid(scope, payload.ref.oid),
  },
  CreateRefPayload: { clientMutationId, ref },
  UpdateRefPayload: { clientMutationId, ref },
  UpdateRefsPayload: { clientMutationId },
  DeleteRefPayload: { clientMutationId },
  CreatePullRequestPayload: { clientMutationId, pullRequest },
  UpdatePullRequestPayload: { clientMutationId, pullRequest },
  ClosePullRequestPayload: { clientMutationId, pullRequest },
  MergePullRequestPayload: { clientMutationId, pullRequest },
  EnablePullRequestAutoMergePayload: { clientMutationId, pullRequest },
  DisablePullRequestAutoMergePayload: { clientMutationId, pullRequest },
  AddCommentPayload: {
    clientMutationId,
    commentEdge: ({ comment, pull }: { comment: Comment; pull: PullRequest }) => ({
      node: { ...comment, pull },
      cursor: Buffer.from(`cursor:${pull.comments.indexOf(comment)}`).toString("base64"),
    }),
  },
};
