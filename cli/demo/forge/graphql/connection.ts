/** Lists as GitHub's GraphQL pages them, and its rule that every list is bounded. */
import { GraphQLError } from "graphql";
import type { Fields, Resolvers } from "./resolver.ts";

export interface PageArguments {
  readonly first?: number | null;
  readonly last?: number | null;
  readonly after?: string | null;
  readonly before?: string | null;
}

export const PAGE_ARGUMENTS = ["first", "last", "after", "before"] as const;

const LIMIT = 100;

export interface Connection<Item> {
  readonly nodes: readonly Item[];
  /** Where the page starts within the whole list. */
  readonly offset: number;
  readonly totalCount: number;
}

function cursor(index: number): string {
  return Buffer.from(`cursor:${index}`).toString("base64");
}

function position(text: string): number {
  const match = /^cursor:(\d+)$/.exec(Buffer.from(text, "base64").toString("utf8"));
  if (!match) {
    const message = `\`${text}\` does not appear to be a valid cursor.`;
    throw new GraphQLError(message, { extensions: { type: "INVALID_CURSOR_ARGUMENTS" } });
  }
  return Number(match[1]);
}

/** The page of `items` that the arguments ask for. Neither `first` nor `last`, or more than 100, is refused. */
export function connection<Item>(items: readonly Item[], args: PageArguments, field: string): Connection<Item> {
  const size = args.first ?? args.last;
  if (size == null) {
    throw new GraphQLError(
      `You must provide a \`first\` or \`last\` value to properly paginate the \`${field}\` connection.`,
      { extensions: { type: "MISSING_PAGINATION_BOUNDARIES" } },
    );
  }
  if (size > LIMIT || size < 0) {
    const name = args.first == null ? "last" : "first";
    const message = `Requesting ${size} records on the \`${field}\` connection exceeds the \`${name}\` limit of ${LIMIT} records.`;
    throw new GraphQLError(message, { extensions: { type: "EXCESSIVE_PAGINATION" } });
  }
  const from = args.after == null ? 0 : position(args.after) + 1;
  const to = args.before == null ? items.length : Math.min(position(args.before), items.length);
  const [start, end] = args.first == null ? [Math.max(to - size, from), to] : [from, Math.min(from + size, to)];
  return { nodes: items.slice(start, end), offset: start, totalCount: items.length };
}

type Page = Connection<unknown>;

const connectionFields: Fields = {
  totalCount: (page: Page) => page.totalCount,
  nodes: (page: Page) => page.nodes,
  edges: (page: Page) => page.nodes.map((node, index) => ({ node, cursor: cursor(page.offset + index) })),
  pageInfo: (page: Page) => page,
};

const edgeFields: Fields = {
  node: (edge: { node: unknown }) => edge.node,
  cursor: (edge: { cursor: string }) => edge.cursor,
};

/** The connections that any resolver answers, and their edges. */
export const connectionResolvers: Resolvers = {
  PageInfo: {
    hasPreviousPage: (page: Page) => page.offset > 0,
    hasNextPage: (page: Page) => page.offset + page.nodes.length < page.totalCount,
    startCursor: (page: Page) => (page.nodes.length > 0 ? cursor(page.offset) : null),
    endCursor: (page: Page) => (page.nodes.length > 0 ? cursor(page.offset + page.nodes.length - 1) : null),
  },
  CommitConnection: connectionFields,
  CommitHistoryConnection: connectionFields,
  ComparisonCommitConnection: connectionFields,
  CommitEdge: edgeFields,
  IssueCommentConnection: connectionFields,
  IssueCommentEdge: edgeFields,
  PullRequestChangedFileConnection: connectionFields,
  PullRequestChangedFileEdge: edgeFields,
  PullRequestCommitConnection: connectionFields,
  PullRequestCommitEdge: edgeFields,
  PullRequestConnection: connectionFields,
  PullRequestEdge: edgeFields,
  RefConnection: connectionFields,
  RefEdge: edgeFields,
};
