import type { ProposalScope } from "../../core/ports.ts";

/** More commits than mmsp puts on a branch of its own: a branch with more holds somebody else's. */
export const longestBranch = 20;

/** GitHub's longest page. */
const page = 100;

/** Changed files of a pull request that are looked at. */
const longestDiff = 100;

/** A branch, with what decides where a proposal goes. */
const branchFragment = /* GraphQL */ `
  fragment Branch on Ref {
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
    settled: associatedPullRequests(
      states: [CLOSED, MERGED], orderBy: {field: CREATED_AT, direction: DESC}, first: 10
    ) { nodes { headRefOid } }
  }
`;

/** GitHub finds branches below a folder of names by a part of the name, and knows no better filter. */
function searchField(folder: string, text: string, after: string | null): string {
  const from = `refPrefix: ${JSON.stringify(`refs/heads/${folder}`)}, query: ${JSON.stringify(text)}`;
  return `refs(${from}, first: ${page}, after: ${JSON.stringify(after)}) { pageInfo { hasNextPage endCursor } nodes { ...Branch } }`;
}

/** Newest first. GitHub filters by base, head and label, not by what a pull request changes. */
function pullsField(after: string | null): string {
  const order = "orderBy: {field: CREATED_AT, direction: DESC}";
  return `pullRequests(states: OPEN, baseRefName: $base, ${order}, first: ${page}, after: ${JSON.stringify(after)}) {
    pageInfo { hasNextPage endCursor }
    nodes { number url title headRefName isCrossRepository }
  }`;
}

/** What a read asks of the repository besides its documents; `fragments` belongs beside the query. */
export function proposalFields({ branches, searches }: ProposalScope): {
  readonly fields: string;
  readonly fragments: string;
} {
  const named = branches.map(
    (name, at) => `b${at}: ref(qualifiedName: ${JSON.stringify(`refs/heads/${name}`)}) { ...Branch }`,
  );
  const found = searches.map(({ folder, text }, at) => `s${at}: ${searchField(folder, text, null)}`);
  const fragments = named.length + found.length === 0 ? "" : branchFragment;
  return { fields: [...named, ...found, `pulls: ${pullsField(null)}`].join("\n"), fragments };
}

/** A further page of a search, as `found`. */
export function searchQuery(folder: string, text: string, after: string | null): string {
  return `
    query Branches($owner: String!, $name: String!, $base: String!) {
      repository(owner: $owner, name: $name) { found: ${searchField(folder, text, after)} }
    }
    ${branchFragment}`;
}

/** A further page of open pull requests, as `found`. */
export function pullsQuery(after: string | null): string {
  return `
    query Pulls($owner: String!, $name: String!, $base: String!) {
      repository(owner: $owner, name: $name) { found: ${pullsField(after)} }
    }`;
}

/** What pull requests change, as `p<number>`. */
export function filesQuery(numbers: readonly number[]): string {
  const pulls = numbers.map(
    (number) => `p${number}: pullRequest(number: ${number}) { files(first: ${longestDiff}) { nodes { path } } }`,
  );
  return `query Files($owner: String!, $name: String!) { repository(owner: $owner, name: $name) { ${pulls.join("\n")} } }`;
}

/** What people and programs have said on pull requests, as `p<number>`. */
export function commentsQuery(numbers: readonly number[]): string {
  const pulls = numbers.map(
    (number) => `p${number}: pullRequest(number: ${number}) { comments(last: ${page}) { nodes { body } } }`,
  );
  return `query Comments($owner: String!, $name: String!) { repository(owner: $owner, name: $name) { ${pulls.join("\n")} } }`;
}

/** The answers, as far as they are asked for above. */
export interface ProposalsAnswer {
  /** b0, b1... in the order of the scope's branches */
  readonly [branch: `b${number}`]: BranchAnswer | null;
  /** s0, s1... in the order of its searches */
  readonly [search: `s${number}`]: Page<BranchAnswer>;
  readonly pulls?: Page<PullAnswer>;
}

export interface Page<Node> {
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  readonly nodes: readonly Node[];
}

export interface PullAnswer {
  readonly number: number;
  readonly url: string;
  readonly title: string;
  readonly headRefName: string;
  readonly isCrossRepository: boolean;
}

export interface FilesAnswer {
  readonly [pull: `p${number}`]: {
    readonly files: { readonly nodes: readonly { readonly path: string }[] } | null;
  } | null;
}

export interface CommentsAnswer {
  readonly [pull: `p${number}`]: { readonly comments: { readonly nodes: readonly { readonly body: string }[] } } | null;
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
  /** Closed and merged ones, newest first: also of an earlier branch of this name. */
  readonly settled: { readonly nodes: readonly { readonly headRefOid: string }[] };
}
