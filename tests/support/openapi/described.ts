/** The form of `replies.json`: GitHub's own description of the replies that the test server gives. */

export type JsonSchema = Readonly<Record<string, unknown>>;

export interface Described {
  /** Where it was taken from, and its licence. */
  readonly origin: string;
  /** `GET /repos/{owner}/{repo}` -> status -> schema of the body; null: no JSON. */
  readonly replies: Readonly<Record<string, Readonly<Record<string, JsonSchema | null>>>>;
  readonly $defs: Readonly<Record<string, JsonSchema>>;
}

/** The description's name for a route: the root of the repository is a path like any other there. */
export function describedAs(template: string): string {
  return template.replace(/\/contents\/?$/, "/contents/{path}");
}
