import { paths, root } from "../../../../schemas/tree.ts";
import type { Scope } from "../../core/ports.ts";
import { proposalFields, type ProposalsAnswer } from "./proposals-query.ts";

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

/** Names of environments and models: what every read needs. */
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
 * One query for all that commands read: the head and its tree, names, texts, the models' registry, and the branches and pull
 * requests that the scope asks for. Paths and names stand in the query as literals; JSON's strings are GraphQL's.
 */
export function readQuery({ models, environments, deploymentsOf = [], proposals }: Scope): string {
  const documents = models === null ? "" : documentsOf(models, environments, deploymentsOf);
  const { fields, fragments } = proposals === undefined ? { fields: "", fragments: "" } : proposalFields(proposals);
  return `
    query Read($owner: String!, $name: String!, $ref: String!${proposals === undefined ? "" : ", $base: String!"}) {
      repository(owner: $owner, name: $name) {
        id
        defaultBranchRef { name }
        ref(qualifiedName: $ref) { target { oid ... on Commit { tree { oid } ${names} ${documents} } } }
        ${fields}
      }
    }
    ${fragments} ${models === null ? "" : fileFragment}`;
}

function documentsOf(
  models: readonly string[],
  environments: readonly string[],
  deploymentsOf: readonly string[],
): string {
  const files = filesOf(models, environments).map(
    (path, at) => `f${at}: file(path: ${JSON.stringify(path)}) { ...File }`,
  );
  const folder = (alias: string, path: string) => `${alias}: file(path: ${JSON.stringify(path)}) {
      object { ... on Tree { entries { name type object { ... on Tree { entries { ...File } } } } } }
    }`;
  const registries = models.map((model, at) => folder(`r${at}`, `${root}/registry/${model}`));
  const deployments = deploymentsOf.map((environment, at) => folder(`d${at}`, `${root}/${environment}/models`));
  return [...files, ...registries, ...deployments].join("\n");
}

/** Texts of blobs by id, `b0`, `b1`... in the order given. */
export function blobsQuery(oids: readonly string[]): string {
  const blobs = oids.map((oid, at) => `b${at}: object(oid: ${JSON.stringify(oid)}) { ...Text }`);
  return `
    query Texts($owner: String!, $name: String!) { repository(owner: $owner, name: $name) { ${blobs.join("\n")} } }
    fragment Text on Blob { byteSize isBinary isTruncated text }`;
}

/** The answers, as far as they are asked for above. */
export interface ReadAnswer {
  readonly repository: ProposalsAnswer & {
    readonly id: string;
    readonly defaultBranchRef: { readonly name: string } | null;
    readonly ref: { readonly target: CommitAnswer | null } | null;
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
  /** d0, d1... in the order of the scope's `deploymentsOf` */
  readonly [deployments: `d${number}`]: FolderEntry | null;
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
