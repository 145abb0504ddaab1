import { root } from "../../../../schemas/tree.ts";
import type { BlobAnswer } from "./query.ts";

/** Commits a page; GitHub gives no more. */
const pageSize = 100;

/** The commit that a page hangs on: the branch's newest, or one that was seen before, so that pages fit together. */
type Anchor = { readonly ref: true } | { readonly oid: string };

const person = "author { name } committer { name }";

const blob = "object { ... on Blob { byteSize isTruncated text } }";

/**
 * For each path a page of the commits that changed it, each with the text it left, and with the merge that brought it to the
 * branch where a pull request did. With `names`: the environments that there are now.
 */
export function historyQuery(
  anchor: Anchor,
  pages: readonly { readonly path: string; readonly after: string | null }[],
  names: boolean,
): string {
  const histories = pages.map(({ path, after }, at) => {
    const file = `file(path: ${JSON.stringify(path)}) { ${blob} }`;
    const from = after === null ? "" : `, after: ${JSON.stringify(after)}`;
    return `h${at}: history(first: ${pageSize}, path: ${JSON.stringify(path)}${from}) {
      pageInfo { hasNextPage endCursor }
      nodes {
        oid message committedDate ${person} ${file}
        associatedPullRequests(first: 5) { nodes {
          number merged baseRefName
          mergeCommit { oid message committedDate ${person} ${file} parents(first: 1) { totalCount } }
        } }
      }
    }`;
  });
  const folders = names ? `names: file(path: "${root}") { object { ... on Tree { entries { name type } } } }` : "";
  const commit = `... on Commit { oid ${folders} ${histories.join("\n")} }`;
  const [argument, found] =
    "ref" in anchor
      ? [", $ref: String!", `defaultBranchRef { name } ref(qualifiedName: $ref) { target { ${commit} } }`]
      : ["", `object(oid: ${JSON.stringify(anchor.oid)}) { ${commit} }`];
  return `query History($owner: String!, $name: String!${argument}) { repository(owner: $owner, name: $name) { ${found} } }`;
}

/** Texts of files in commits, `t0`, `t1`... in the order given. */
export function textsQuery(files: readonly { readonly commit: string; readonly path: string }[]): string {
  const texts = files.map(
    ({ commit, path }, at) =>
      `t${at}: object(expression: ${JSON.stringify(`${commit}:${path}`)}) { ... on Blob { byteSize isTruncated text } }`,
  );
  return `query Texts($owner: String!, $name: String!) { repository(owner: $owner, name: $name) { ${texts.join("\n")} } }`;
}

export interface HistoryAnswer {
  readonly repository: {
    readonly defaultBranchRef?: { readonly name: string } | null;
    readonly ref?: { readonly target: AnchorAnswer | null } | null;
    readonly object?: AnchorAnswer | null;
  };
}

export interface AnchorAnswer {
  readonly oid: string;
  readonly names?: {
    readonly object: { readonly entries?: readonly { readonly name: string; readonly type: string }[] } | null;
  } | null;
  readonly [history: `h${number}`]: PageAnswer | undefined;
}

export interface PageAnswer {
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  readonly nodes: readonly StepAnswer[];
}

export interface StepAnswer extends CommitAnswer {
  readonly associatedPullRequests: {
    readonly nodes: readonly {
      readonly number: number;
      readonly merged: boolean;
      readonly baseRefName: string;
      readonly mergeCommit: (CommitAnswer & { readonly parents: { readonly totalCount: number } }) | null;
    }[];
  } | null;
}

export interface CommitAnswer {
  readonly oid: string;
  readonly message: string;
  readonly committedDate: string;
  readonly author: { readonly name: string | null } | null;
  readonly committer: { readonly name: string | null } | null;
  readonly file: { readonly object: BlobAnswer | null } | null;
}

export interface TextsAnswer {
  readonly repository: Readonly<Record<string, BlobAnswer | null>>;
}
