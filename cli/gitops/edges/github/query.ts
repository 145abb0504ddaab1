import { paths, root } from "../../../../schemas/tree.ts";
import type { Scope } from "../../core/ports.ts";

/** More commits than mmsp puts on a branch of its own: a branch with more holds somebody else's. */
export const longestBranch = 20;

/** Branches of a model in one answer; there are a few, unless nobody ever deletes one. */
const branchPage = 50;

const fileFragment = /* GraphQL */ `
  fragment File on TreeEntry {
    name
    type
    mode
    object {
      ... on Blob {
        byteSize
        isBinary
        isTruncated
        text
      }
    }
  }
`;

const branchesFragment = /* GraphQL */ `
  fragment Branches on RefConnection {
    pageInfo { hasNextPage endCursor }
    nodes {
      prefix
      name
      target {
        oid
        ... on Commit {
          history(first: ${longestBranch}) {
            nodes { oid message authoredDate committedDate parents(first: 1) { totalCount } }
          }
        }
      }
      compare(headRef: $base) { behindBy }
      associatedPullRequests(states: OPEN, first: 5) { nodes { number url title body baseRefName } }
    }
  }
`;

/** `query`: what their names hold, as GraphQL writes it; GitHub knows no better filter. */
function branchesField(query: string, after: string): string {
  return `refs(refPrefix: "refs/heads/mmsp/", query: ${query}, first: ${branchPage}, after: ${after}) { ...Branches }`;
}

/** Names of environments and models, and the branches: what every read needs. */
const names = /* GraphQL */ `
  names: file(path: "${root}") {
    object { ... on Tree { oid entries { name type object { ... on Tree { entries { name type } } } } } }
  }
`;

/** Documents whose paths are known beforehand: the policy, and the models' in each environment of the scope. */
export function filesOf(models: readonly string[], environments: readonly string[]): readonly string[] {
  const policies = environments.map((environment) => paths.environment(environment));
  const deployments = environments.flatMap((environment) =>
    models.flatMap((model) => [
      paths.deployment(environment, model),
      paths.deploymentKustomization(environment, model),
    ]),
  );
  return [paths.project, ...policies, ...deployments];
}

/**
 * One query for all that commands read: the head and its tree, names, texts, the models' registry, and mmsp's branches with
 * what decides where a proposal goes. Paths and names stand in the query as literals; JSON's strings are GraphQL's.
 */
export function readQuery({ models, environments }: Scope): string {
  const documents = models === null ? "" : documentsOf(models, environments);
  const branches = (models ?? [null]).map((model, at) => `m${at}: ${branchesField(JSON.stringify(model), "null")}`);
  return `
    query Read($owner: String!, $name: String!, $ref: String!, $base: String!) {
      repository(owner: $owner, name: $name) {
        id
        defaultBranchRef { name }
        ref(qualifiedName: $ref) { target { oid ... on Commit { tree { oid } ${names} ${documents} } } }
        ${branches.join("\n")}
      }
    }
    ${branchesFragment} ${models === null ? "" : fileFragment}`;
}

function documentsOf(models: readonly string[], environments: readonly string[]): string {
  const files = filesOf(models, environments).map(
    (path, at) => `f${at}: file(path: ${JSON.stringify(path)}) { ...File }`,
  );
  const registries = models.map(
    (model, at) => `r${at}: file(path: ${JSON.stringify(`${root}/registry/${model}`)}) {
      object { ... on Tree { entries { name type object { ... on Tree { entries { ...File } } } } } }
    }`,
  );
  return [...files, ...registries].join("\n");
}

/** Further pages of branches. */
export const branchesQuery = `
  query Branches($owner: String!, $name: String!, $base: String!, $model: String, $after: String) {
    repository(owner: $owner, name: $name) { ${branchesField("$model", "$after")} }
  }
  ${branchesFragment}`;

/** Texts of blobs by id, `b0`, `b1`... in the order given. */
export function blobsQuery(oids: readonly string[]): string {
  const blobs = oids.map((oid, at) => `b${at}: object(oid: ${JSON.stringify(oid)}) { ...Text }`);
  return `
    query Texts($owner: String!, $name: String!) { repository(owner: $owner, name: $name) { ${blobs.join("\n")} } }
    fragment Text on Blob { byteSize isBinary isTruncated text }`;
}

/** The answers, as far as they are asked for above. */
export interface ReadAnswer {
  readonly repository: {
    readonly id: string;
    readonly defaultBranchRef: { readonly name: string } | null;
    readonly ref: { readonly target: CommitAnswer | null } | null;
    /** m0, m1... in the order of the models */
    readonly [branches: `m${number}`]: BranchesAnswer;
  };
}

export interface CommitAnswer {
  readonly oid: string;
  readonly tree: { readonly oid: string };
  readonly names: FolderEntry | null;
  /** f0, f1... in the order of `filesOf` */
  readonly [file: `f${number}`]: FileEntry | null;
  /** r0, r1... in the order of the models */
  readonly [registry: `r${number}`]: FolderEntry | null;
}

export interface FolderEntry {
  readonly object: { readonly oid?: string; readonly entries?: readonly SubfolderEntry[] } | null;
}

export interface SubfolderEntry {
  readonly name: string;
  readonly type: string;
  readonly object: { readonly entries?: readonly FileEntry[] } | null;
}

export interface FileEntry {
  readonly name: string;
  readonly type: string;
  readonly mode?: number;
  readonly object?: BlobAnswer | null;
}

export interface BlobAnswer {
  readonly byteSize?: number;
  readonly isBinary?: boolean | null;
  readonly isTruncated?: boolean;
  readonly text?: string | null;
}

export interface BranchesAnswer {
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  readonly nodes: readonly BranchAnswer[];
}

export interface BranchAnswer {
  readonly prefix: string;
  readonly name: string;
  readonly target: {
    readonly oid: string;
    readonly history?: {
      readonly nodes: readonly {
        readonly oid: string;
        readonly message: string;
        readonly authoredDate: string;
        readonly committedDate: string;
        readonly parents: { readonly totalCount: number };
      }[];
    };
  };
  readonly compare: { readonly behindBy: number } | null;
  readonly associatedPullRequests: {
    readonly nodes: readonly {
      readonly number: number;
      readonly url: string;
      readonly title: string;
      readonly body: string;
      readonly baseRefName: string;
    }[];
  };
}
