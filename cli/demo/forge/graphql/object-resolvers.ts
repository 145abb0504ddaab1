/** Git objects: commits, trees, blobs. */
import type { CommitHistoryArgs, CommitParentsArgs } from "@octokit/graphql-schema";
import { changedFiles, commitsOf } from "../git/history.ts";
import {
  entryType,
  parseCommit,
  parseTree,
  splitMessage,
  timestamp,
  type Commit,
  type Person,
  type TreeEntry,
} from "../git/parse.ts";
import type { GitObject } from "../git/reader.ts";
import { readCommit, readPath } from "../git/repository.ts";
import { nodeId, type NodeType } from "../node-id.ts";
import { accountByEmail } from "../users.ts";
import { repoPageUrl, type Scope } from "../world.ts";
import { rollupOf } from "./check-resolvers.ts";
import { accountSource } from "./account-resolvers.ts";
import { connection, PAGE_ARGUMENTS } from "./connection.ts";
import { withArguments, type Fields, type Resolvers } from "./resolver.ts";

/** GitHub cuts a blob's text here and says so in `isTruncated`. */
const TEXT_LIMIT = 512 * 1024;

/** How far git looks for a NUL byte before it takes a file for text. */
const BINARY_PROBE = 8000;

type ObjectSource = GitObject & { readonly __typename: "Blob" | "Tree" | "Commit" | "Tag" };
type EntrySource = TreeEntry & { readonly path: string };

const TYPE_NAMES = { blob: "Blob", tree: "Tree", commit: "Commit", tag: "Tag" } as const;

export function objectSource(object: GitObject, path = ""): ObjectSource & { readonly path: string } {
  return { ...object, path, __typename: TYPE_NAMES[object.type] };
}

export async function objectByOid(scope: Scope, oid: string): Promise<ObjectSource | null> {
  const object = await scope.world.repository.objects.read(oid);
  return object && objectSource(object);
}

async function commitSources(scope: Scope, commits: readonly Commit[]): Promise<readonly ObjectSource[]> {
  const sources = await Promise.all(commits.map((commit) => objectByOid(scope, commit.oid)));
  return sources.filter((source) => source !== null);
}

/** Pages first and reads objects afterwards: a page of a long history is all that is needed of it. */
export async function commitConnection(
  scope: Scope,
  commits: readonly Commit[],
  args: CommitHistoryArgs,
  field: string,
) {
  const page = connection(commits, args, field);
  return { ...page, nodes: await commitSources(scope, page.nodes) };
}

function commonFields(type: NodeType): Fields {
  return {
    id: (source: ObjectSource) => nodeId(type, source.oid),
    oid: (source: ObjectSource) => source.oid,
    abbreviatedOid: (source: ObjectSource) => source.oid.slice(0, 7),
    commitUrl: (source: ObjectSource, _args: unknown, { world }: Scope) => `${repoPageUrl(world)}/commit/${source.oid}`,
    repository: () => ({}),
  };
}

function isBinary(source: ObjectSource): boolean {
  return source.bytes.subarray(0, BINARY_PROBE).includes(0);
}

/** A tree's entries; `folder` is where the tree was found, so that paths are from the root. */
function treeEntries(tree: GitObject, folder: string): readonly EntrySource[] {
  return parseTree(tree.bytes).map((entry) => ({
    ...entry,
    path: folder === "" ? entry.name : `${folder}/${entry.name}`,
  }));
}

const commitOf = (source: ObjectSource): Commit => parseCommit(source.oid, source.bytes);

const commitFields: Fields = {
  ...commonFields("Commit"),
  message: (source: ObjectSource) => commitOf(source).message,
  messageHeadline: (source: ObjectSource) => splitMessage(commitOf(source).message).headline,
  messageBody: (source: ObjectSource) => splitMessage(commitOf(source).message).body,
  author: (source: ObjectSource) => commitOf(source).author,
  committer: (source: ObjectSource) => commitOf(source).committer,
  authoredDate: (source: ObjectSource) => timestamp(commitOf(source).author.date),
  committedDate: (source: ObjectSource) => timestamp(commitOf(source).committer.date),
  url: (source: ObjectSource, _args: unknown, { world }: Scope) => `${repoPageUrl(world)}/commit/${source.oid}`,
  tree: (source: ObjectSource, _args: unknown, scope: Scope) => objectByOid(scope, commitOf(source).tree),
  statusCheckRollup: (source: ObjectSource, _args: unknown, { world }: Scope) => rollupOf(world, source.oid),
  signature: (source: ObjectSource, _args: unknown, { world }: Scope) =>
    world.signed.has(source.oid) ? { __typename: "GpgSignature" } : null,
  parents: withArguments(PAGE_ARGUMENTS, async (source: ObjectSource, args: CommitParentsArgs, scope) => {
    const { repository } = scope.world;
    const parents = await Promise.all(commitOf(source).parents.map((oid) => readCommit(repository, oid)));
    return commitConnection(
      scope,
      parents.filter((parent) => parent !== null),
      args,
      "parents",
    );
  }),
  history: withArguments([...PAGE_ARGUMENTS, "path"], async (source: ObjectSource, args: CommitHistoryArgs, scope) => {
    const commits = await commitsOf(scope.world.repository, source.oid, args.path ?? undefined);
    return commitConnection(scope, commits, args, "history");
  }),
  changedFilesIfAvailable: async (source: ObjectSource, _args: unknown, { world }: Scope) => {
    const files = await changedFiles(world.repository, commitOf(source).parents[0] ?? null, source.oid);
    return files.length;
  },
  file: withArguments(["path"], async (source: ObjectSource, { path }: { path: string }, { world }) => {
    const folder = path.split("/").slice(0, -1).join("/");
    const parent = await readPath(world.repository, source.oid, folder);
    const entries = parent?.type === "tree" ? treeEntries(parent, folder) : [];
    return entries.find((entry) => entry.path === path) ?? null;
  }),
};

export const objectResolvers: Resolvers = {
  GpgSignature: { isValid: () => true, state: () => "VALID", wasSignedByGitHub: () => true },
  Commit: commitFields,
  Tree: {
    ...commonFields("Tree"),
    entries: (source: ObjectSource & { path: string }) => treeEntries(source, source.path),
  },
  Blob: {
    ...commonFields("Blob"),
    byteSize: (source: ObjectSource) => source.bytes.length,
    isBinary,
    isTruncated: (source: ObjectSource) => source.bytes.length > TEXT_LIMIT,
    text: (source: ObjectSource) => (isBinary(source) ? null : source.bytes.subarray(0, TEXT_LIMIT).toString("utf8")),
  },
  Tag: commonFields("Tag"),
  TreeEntry: {
    name: (entry: EntrySource) => entry.name,
    path: (entry: EntrySource) => entry.path,
    oid: (entry: EntrySource) => entry.oid,
    type: (entry: EntrySource) => entryType(entry.mode),
    mode: (entry: EntrySource) => Number.parseInt(entry.mode, 8),
    size: async (entry: EntrySource, _args: unknown, { world }: Scope) => {
      const blob = entryType(entry.mode) === "blob" ? await world.repository.objects.read(entry.oid) : null;
      return blob?.bytes.length ?? 0;
    },
    object: async (entry: EntrySource, _args: unknown, { world }: Scope) => {
      // A submodule's commit is in another repository.
      const object = await world.repository.objects.read(entry.oid);
      return object && objectSource(object, entry.path);
    },
  },
  GitActor: {
    name: (person: Person) => person.name,
    email: (person: Person) => person.email,
    date: (person: Person) => timestamp(person.date),
    user: (person: Person, _args: unknown, { world }: Scope) => {
      const account = accountByEmail(world.users, person.email);
      // GitHub types this field as a person: a bot's commits have no user here.
      return account?.type === "User" ? accountSource(account) : null;
    },
  },
};
