/**
 * What a resolver is here. A table lists, for each type of GitHub's schema, the fields that are implemented; an
 * argument that a field takes account of is listed with it. What is in no table is refused before anything runs.
 */
import type { Scope } from "../world.ts";

type Resolve<Source, Args> = (source: Source, args: Args, scope: Scope) => unknown;

export interface FieldWithArguments {
  readonly args: readonly string[];
  readonly resolve: Resolve<never, never>;
}

export type Field = Resolve<never, never> | FieldWithArguments;

export type Fields = Readonly<Record<string, Field>>;

/** By the type's name in the schema. */
export type Resolvers = Readonly<Record<string, Fields>>;

/** A field's resolver that takes the named arguments into account. */
export function withArguments<Source, Args extends object>(
  args: readonly (keyof Args & string)[],
  resolve: Resolve<Source, Args>,
): FieldWithArguments {
  return { args, resolve };
}
