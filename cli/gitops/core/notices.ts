import type { Change } from "./change.ts";

/** All that whoever asked for a change is told of it. */
export function allNotices({ notices, asides = [] }: Change): readonly string[] {
  return [...notices, ...asides];
}

/** The change with more to tell whoever asked for it, and nobody else. */
export function withAsides(change: Change, asides: readonly string[]): Change {
  return asides.length === 0 ? change : { ...change, asides: [...(change.asides ?? []), ...asides] };
}
