import { expect, test } from "bun:test";
import { knownKeywords } from "../../schemas/accept.ts";
import { jsonSchemas } from "../../schemas/generate.ts";

/** Every keyword of a schema and of those inside it; names of properties are no keywords. */
function* keywordsOf(schema: unknown): Generator<string> {
  if (typeof schema !== "object" || schema === null) return;
  const node = schema as Record<string, unknown>;
  yield* Object.keys(node);
  for (const child of Object.values(node["properties"] ?? {})) yield* keywordsOf(child);
  yield* keywordsOf(node["items"]);
  yield* keywordsOf(node["additionalProperties"]);
}

test("the quick check passes over no keyword of the schemas", () => {
  const used = new Set(Object.values(jsonSchemas()).flatMap((schema) => [...keywordsOf(schema)]));
  expect([...used].filter((keyword) => !knownKeywords.has(keyword))).toEqual([]);
  expect(used.size).toBeGreaterThan(15);
});
