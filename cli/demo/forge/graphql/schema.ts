/** GitHub's published schema with this server's resolvers in it, and the rule that nothing else may be asked for. */
import {
  buildASTSchema,
  GraphQLError,
  isAbstractType,
  isObjectType,
  parse,
  type ASTVisitor,
  type GraphQLObjectType,
  type GraphQLSchema,
  type ValidationContext,
} from "graphql";
import { accountResolvers } from "./account-resolvers.ts";
import { commitPullFields } from "./commit-pulls.ts";
import { checkResolvers } from "./check-resolvers.ts";
import { connectionResolvers } from "./connection.ts";
import { objectResolvers } from "./object-resolvers.ts";
import { pullResolvers } from "./pull-resolvers.ts";
import { repositoryResolvers } from "./repository-resolvers.ts";
import type { Field, Resolvers } from "./resolver.ts";
import { rootResolvers } from "./root-resolvers.ts";

const RESOLVERS: Resolvers = {
  ...rootResolvers,
  ...repositoryResolvers,
  ...objectResolvers,
  ...pullResolvers,
  ...accountResolvers,
  ...checkResolvers,
  ...connectionResolvers,
  Commit: { ...objectResolvers["Commit"], ...commitPullFields },
};

let cached: Promise<GraphQLSchema> | undefined;

/** The schema, built when the first call needs it (a tenth of a second) and once for all servers of the process. */
export async function githubSchema(): Promise<GraphQLSchema> {
  cached ??= buildSchema();
  return cached;
}

async function buildSchema(): Promise<GraphQLSchema> {
  // The package's module reads five megabytes of JSON on import; only the file beside it is wanted.
  const file = new URL("schema.graphql", import.meta.resolve("@octokit/graphql-schema"));
  const document = parse(await Bun.file(file).text(), { noLocation: true });
  const schema = buildASTSchema(document, { assumeValid: true, assumeValidSDL: true });
  for (const [typeName, fields] of Object.entries(RESOLVERS)) {
    const type = schema.getType(typeName);
    if (!isObjectType(type)) throw new Error(`GitHub's schema has no object type ${typeName}`);
    for (const [name, field] of Object.entries(fields)) attach(type, name, field);
  }
  return schema;
}

function attach(type: GraphQLObjectType, name: string, field: Field): void {
  const definition = type.getFields()[name];
  if (!definition) throw new Error(`GitHub's schema has no field ${type.name}.${name}`);
  const resolve = typeof field === "function" ? field : field.resolve;
  definition.resolve = (source, args, scope) => resolve(source as never, args as never, scope);
}

/**
 * A validation rule: each field and each argument that a document names must be implemented here, on every type that
 * this server can answer in its place. It runs before execution, so a mutation that asks for too much does nothing.
 */
export function implementedRule(context: ValidationContext): ASTVisitor {
  const refuse = (what: string, node: GraphQLError["nodes"]) =>
    context.reportError(
      new GraphQLError(`The demo forge does not implement ${what}.`, {
        nodes: node ?? null,
        extensions: { type: "NOT_IMPLEMENTED" },
      }),
    );
  return {
    Field(node) {
      const name = node.name.value;
      const parent = context.getParentType();
      if (!parent || name.startsWith("__")) return;
      const possible = isAbstractType(parent) ? context.getSchema().getPossibleTypes(parent) : [parent];
      const answered = possible.filter((type) => Object.hasOwn(RESOLVERS, type.name));
      if (answered.length === 0) return refuse(`${parent.name}.${name}`, [node]);
      for (const type of answered) {
        const field = RESOLVERS[type.name]?.[name];
        if (!field) return refuse(`${type.name}.${name}`, [node]);
        const known = typeof field === "function" ? [] : field.args;
        const extra = node.arguments?.find((argument) => !known.includes(argument.name.value));
        if (extra) return refuse(`the argument "${extra.name.value}" of ${type.name}.${name}`, [node]);
      }
    },
  };
}
