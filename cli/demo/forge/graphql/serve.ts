/** One GraphQL call: parse, validate against GitHub's schema, refuse what is not implemented, execute. */
import {
  execute,
  GraphQLError,
  parse,
  specifiedRules,
  validate,
  type DocumentNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from "graphql";
import { Refusal, type RefusalKind } from "../fault.ts";
import type { Scope } from "../world.ts";
import { githubSchema, implementedRule } from "./schema.ts";

/** GitHub's names for kinds of errors, in `errors[].type`. */
const TYPES: Readonly<Record<RefusalKind, string>> = {
  "bad-request": "UNPROCESSABLE",
  unauthenticated: "FORBIDDEN",
  forbidden: "FORBIDDEN",
  archived: "UNPROCESSABLE",
  "not-found": "NOT_FOUND",
  "not-mergeable": "UNPROCESSABLE",
  conflict: "UNPROCESSABLE",
  stale: "STALE_DATA",
  unprocessable: "UNPROCESSABLE",
  "not-implemented": "NOT_IMPLEMENTED",
};

export interface GraphQLRequest {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly operationName: string | null;
  /** Null where the query is not GraphQL. */
  readonly document: DocumentNode | null;
}

/** Reads a call's body; a body without a query is refused as GitHub does. */
export function readRequest(body: unknown): GraphQLRequest {
  const { query, variables, operationName } = (body ?? {}) as Record<string, unknown>;
  if (typeof query !== "string") throw new Refusal("bad-request", "A query attribute must be specified.");
  return {
    query,
    variables: typeof variables === "object" && variables ? (variables as Record<string, unknown>) : {},
    operationName: typeof operationName === "string" ? operationName : null,
    document: tryParse(query),
  };
}

function tryParse(query: string): DocumentNode | null {
  try {
    return parse(query);
  } catch {
    return null;
  }
}

function operationOf(request: GraphQLRequest): OperationDefinitionNode | null {
  const operations = request.document?.definitions.filter((each) => each.kind === "OperationDefinition") ?? [];
  return (
    operations.find((each) => request.operationName === null || each.name?.value === request.operationName) ?? null
  );
}

/** The call by the fields at its root: `graphql createCommitOnBranch`. */
export function operationName(request: GraphQLRequest): string {
  const selections = operationOf(request)?.selectionSet.selections ?? [];
  const fields = selections.flatMap((each) => (each.kind === "Field" ? [each.name.value] : []));
  return ["graphql", fields.join(",")].join(" ").trim();
}

export function isMutation(request: GraphQLRequest): boolean {
  return operationOf(request)?.operation === "mutation";
}

export interface GraphQLReply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Answers the call. Errors are in the reply with status 200, as on GitHub; what is not implemented is 501. */
export async function serveGraphQL(scope: Scope, request: GraphQLRequest): Promise<GraphQLReply> {
  if (!request.document) return failure(200, [syntaxError(request.query)]);
  const schema = await githubSchema();
  const { invalid, missing } = complaintsAbout(schema, request.query, request.document);
  if (invalid.length > 0) return failure(200, invalid);
  if (missing.length > 0) return failure(501, missing);

  const { data, errors } = await execute({
    schema,
    document: request.document,
    variableValues: request.variables,
    operationName: request.operationName,
    contextValue: scope,
    // Sources that can be of several types say which; a ref or a repository never stands where that is a question.
    typeResolver: (source: { __typename?: string }) => source.__typename,
  });
  const unimplemented = errors?.some(({ originalError }) => isUnimplemented(originalError)) ?? false;
  if (unimplemented) return failure(501, errors ?? []);
  return { status: 200, body: errors ? { data, errors: errors.map(formatError) } : { data } };
}

interface Complaints {
  readonly invalid: readonly GraphQLError[];
  /** What GitHub would answer, and this server does not. */
  readonly missing: readonly GraphQLError[];
}

/** By the query's text: checking one against a schema of GitHub's size takes longer than answering it. */
const checked = new Map<string, Complaints>();
const CHECKED_LIMIT = 500;

function complaintsAbout(schema: GraphQLSchema, query: string, document: DocumentNode): Complaints {
  const known = checked.get(query);
  if (known) return known;
  const invalid = validate(schema, document, specifiedRules);
  const missing = invalid.length > 0 ? [] : validate(schema, document, [implementedRule]);
  if (checked.size === CHECKED_LIMIT) checked.clear();
  checked.set(query, { invalid, missing });
  return { invalid, missing };
}

function isUnimplemented(error: unknown): boolean {
  return error instanceof Refusal && error.kind === "not-implemented";
}

function syntaxError(query: string): GraphQLError {
  try {
    parse(query);
  } catch (error) {
    if (error instanceof GraphQLError) return error;
  }
  return new GraphQLError("Parse error");
}

function failure(status: number, errors: readonly GraphQLError[]): GraphQLReply {
  const message = status === 200 ? {} : { message: errors.map((error) => error.message).join(" ") };
  return { status, body: { ...message, errors: errors.map(formatError) } };
}

function formatError(error: GraphQLError) {
  const { originalError: cause } = error;
  if (cause !== undefined && !(cause instanceof Refusal) && !(cause instanceof GraphQLError)) throw cause;
  const type = cause instanceof Refusal ? TYPES[cause.kind] : error.extensions["type"];
  return {
    ...(type === undefined ? {} : { type }),
    ...(error.path ? { path: error.path } : {}),
    ...(error.locations ? { locations: error.locations } : {}),
    message: error.message,
  };
}
