/** The repository, its refs, and what lies between two of them. */
import type { RefCompareArgs, RepositoryObjectArgs, RepositoryRefsArgs } from "@octokit/graphql-schema";
import { notImplemented, Refusal } from "../fault.ts";
import { commitsBetween, countApart } from "../git/history.ts";
import { timestamp, type Commit } from "../git/parse.ts";
import { branchRef, isRefName, listRefs, readRef, type Ref } from "../git/refs.ts";
import { defaultBranch, readCommit } from "../git/repository.ts";
import { nodeId } from "../node-id.ts";
import { repoPageUrl, type Scope } from "../world.ts";
import { ownerAccount } from "../rest/represent-repository.ts";
import { accountSource } from "./account-resolvers.ts";
import { connection, PAGE_ARGUMENTS, type PageArguments } from "./connection.ts";
import { commitConnection, objectByOid, objectSource } from "./object-resolvers.ts";
import { listPulls, PULL_LIST_ARGUMENTS, requirePullNumber, type PullListArguments } from "./pull-resolvers.ts";
import { withArguments, type Fields, type Resolvers } from "./resolver.ts";

interface ComparisonSource {
  readonly base: Commit;
  readonly head: Commit;
  readonly ahead: number;
  readonly behind: number;
}

/** `main`, `heads/main` and `refs/heads/main` name the same ref, in this order of preference. */
async function findRef({ world }: Scope, name: string): Promise<Ref | null> {
  const candidates = name.startsWith("refs/") ? [name] : [branchRef(name), `refs/tags/${name}`, `refs/${name}`];
  for (const candidate of candidates) {
    const ref = isRefName(candidate) ? await readRef(world.repository, candidate) : null;
    if (ref) return ref;
  }
  return null;
}

/** A ref's name as GraphQL splits it: the prefix ends with a slash, the name is the rest. */
function splitRef(name: string): { prefix: string; short: string } {
  const [prefix = ""] = /^refs\/(heads|tags)\//.exec(name) ?? [/^refs\//.exec(name)?.[0] ?? ""];
  return { prefix, short: name.slice(prefix.length) };
}

async function gitObject(scope: Scope, args: RepositoryObjectArgs) {
  const { expression, oid } = args;
  if (expression == null && oid == null) {
    throw new Refusal("unprocessable", "An object needs an `expression` or an `oid`.");
  }
  const object = await scope.world.repository.objects.read(oid ?? expression ?? "");
  const path = oid == null ? (expression?.split(":")[1] ?? "") : "";
  return object && objectSource(object, path.replace(/\/$/, ""));
}

async function refs(scope: Scope, args: RepositoryRefsArgs) {
  if (!args.refPrefix.endsWith("/")) throw new Refusal("unprocessable", "refPrefix must end with a slash");
  if (args.orderBy && args.orderBy.field !== "ALPHABETICAL") throw notImplemented(`refs by ${args.orderBy.field}`);
  const found = await listRefs(scope.world.repository, args.refPrefix);
  const query = args.query?.toLowerCase() ?? "";
  const matches = found.filter((ref) => ref.name.slice(args.refPrefix.length).toLowerCase().includes(query));
  const descending = args.orderBy?.direction === "DESC" || args.direction === "DESC";
  return connection(descending ? matches.toReversed() : matches, args, "refs");
}

const repositoryFields: Fields = {
  id: () => nodeId("Repository", 1),
  databaseId: () => 1,
  name: (_source: unknown, _args: unknown, { world }: Scope) => world.repo,
  nameWithOwner: (_source: unknown, _args: unknown, { world }: Scope) => `${world.owner}/${world.repo}`,
  owner: (_source: unknown, _args: unknown, { world }: Scope) => accountSource(ownerAccount(world)),
  url: (_source: unknown, _args: unknown, { world }: Scope) => repoPageUrl(world),
  createdAt: (_source: unknown, _args: unknown, { world }: Scope) => timestamp(world.createdAt),
  isArchived: (_source: unknown, _args: unknown, { world }: Scope) => world.settings.archived,
  isEmpty: async (_source: unknown, _args: unknown, { world }: Scope) =>
    (await listRefs(world.repository, "refs/heads/")).length === 0,
  isPrivate: () => false,
  autoMergeAllowed: (_source: unknown, _args: unknown, { world }: Scope) => world.settings.allowAutoMerge,
  mergeCommitAllowed: () => true,
  squashMergeAllowed: () => true,
  rebaseMergeAllowed: () => true,
  viewerPermission: (_source: unknown, _args: unknown, { user }: Scope) => user.permission.toUpperCase(),
  defaultBranchRef: async (_source: unknown, _args: unknown, { world }: Scope) =>
    readRef(world.repository, branchRef(await defaultBranch(world.repository))),
  ref: withArguments(["qualifiedName"], (_source: unknown, args: { qualifiedName: string }, scope) =>
    findRef(scope, args.qualifiedName),
  ),
  refs: withArguments(
    [...PAGE_ARGUMENTS, "refPrefix", "query", "orderBy", "direction"],
    (_source: unknown, args: RepositoryRefsArgs, scope) => refs(scope, args),
  ),
  object: withArguments(["expression", "oid"], (_source: unknown, args: RepositoryObjectArgs, scope) =>
    gitObject(scope, args),
  ),
  pullRequest: withArguments(["number"], (_source: unknown, args: { number: number }, scope) =>
    requirePullNumber(scope, args.number),
  ),
  pullRequests: withArguments(PULL_LIST_ARGUMENTS, (_source: unknown, args: PullListArguments, scope) =>
    listPulls(scope, args, "pullRequests"),
  ),
};

const refFields: Fields = {
  id: (ref: Ref) => nodeId("Ref", ref.name),
  name: (ref: Ref) => splitRef(ref.name).short,
  prefix: (ref: Ref) => splitRef(ref.name).prefix,
  repository: () => ({}),
  target: (ref: Ref, _args: unknown, scope: Scope) => objectByOid(scope, ref.oid),
  associatedPullRequests: withArguments(PULL_LIST_ARGUMENTS, (ref: Ref, args: PullListArguments, scope) => {
    const { short } = splitRef(ref.name);
    return listPulls(scope, args, "associatedPullRequests", (pull) => pull.headRef === short);
  }),
  compare: withArguments(
    ["headRef"],
    async (ref: Ref, args: RefCompareArgs, scope): Promise<ComparisonSource | null> => {
      const { repository } = scope.world;
      const headRef = await findRef(scope, args.headRef);
      const [base, head] = await Promise.all([
        readCommit(repository, ref.oid),
        readCommit(repository, headRef?.oid ?? args.headRef),
      ]);
      if (!base || !head) return null;
      return { base, head, ...(await countApart(repository, base.oid, head.oid)) };
    },
  ),
};

const comparisonFields: Fields = {
  aheadBy: (comparison: ComparisonSource) => comparison.ahead,
  behindBy: (comparison: ComparisonSource) => comparison.behind,
  status: ({ ahead, behind }: ComparisonSource) => {
    if (ahead > 0) return behind > 0 ? "DIVERGED" : "AHEAD";
    return behind > 0 ? "BEHIND" : "IDENTICAL";
  },
  baseTarget: ({ base }: ComparisonSource, _args: unknown, scope: Scope) => objectByOid(scope, base.oid),
  headTarget: ({ head }: ComparisonSource, _args: unknown, scope: Scope) => objectByOid(scope, head.oid),
  commits: withArguments(PAGE_ARGUMENTS, async ({ base, head }: ComparisonSource, args: PageArguments, scope) => {
    const commits = await commitsBetween(scope.world.repository, base.oid, head.oid);
    return commitConnection(scope, commits, args, "commits");
  }),
};

export const repositoryResolvers: Resolvers = {
  Repository: repositoryFields,
  Ref: refFields,
  Comparison: comparisonFields,
};
