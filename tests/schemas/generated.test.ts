import { describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { generatedFiles, jsonSchemas } from "../../schemas/generate.ts";

const folder = new URL("../../schemas/json/", import.meta.url);

test("what is committed in schemas/json is what the schemas say; `bun run generate` mends it", async () => {
  const committed: Record<string, string> = {};
  const names = (await readdir(folder, { recursive: true })).filter((name) => name !== "output");
  for (const name of names) committed[name] = await Bun.file(new URL(name, folder)).text();
  const generated = await generatedFiles();
  expect(Object.keys(committed).toSorted()).toEqual(Object.keys(generated).toSorted());
  for (const [name, text] of Object.entries(generated)) expect(committed[name] === text, name).toBe(true);
});

/** Keywords with which a Kubernetes structural schema may not be written, or only where it changes no shape. */
const unstructural = new Set(
  [
    "anyOf oneOf allOf not if then else $ref $defs definitions propertyNames",
    "patternProperties dependentSchemas dependentRequired prefixItems contains unevaluatedProperties",
  ].flatMap((line) => line.split(" ")),
);

/** Every schema inside a schema, with its path; names of properties are no keywords. */
function* schemasIn(schema: unknown, path = "$"): Generator<[string, Record<string, unknown>]> {
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) return;
  const node = schema as Record<string, unknown>;
  yield [path, node];
  const properties = (node["properties"] ?? {}) as Record<string, unknown>;
  for (const [name, child] of Object.entries(properties)) yield* schemasIn(child, `${path}.${name}`);
  yield* schemasIn(node["items"], `${path}[]`);
  yield* schemasIn(node["additionalProperties"], `${path}{}`);
}

describe("the kinds that become custom resources", () => {
  test.each(["ModelVersion", "ModelDeployment"])("%s keeps to what a structural CRD can say", (kind) => {
    const schemas = [...schemasIn(jsonSchemas()[kind])];
    expect(schemas.length).toBeGreaterThan(30);
    for (const [path, schema] of schemas) {
      expect(
        Object.keys(schema).filter((keyword) => unstructural.has(keyword)),
        path,
      ).toEqual([]);
      expect(["object", "array", "string", "integer", "number", "boolean"], path).toContain(schema["type"] as string);
      // `false` is strictness that the CRD leaves to Kubernetes' pruning; beside properties no map of values may stand.
      const additional = schema["additionalProperties"];
      expect(schema["properties"] !== undefined && typeof additional === "object", path).toBe(false);
    }
  });

  test.each(["ModelVersion", "ModelDeployment"])("%s has nothing beside metadata and spec", (kind) => {
    const { properties } = jsonSchemas()[kind] as { properties: object };
    expect(Object.keys(properties).toSorted()).toEqual(["apiVersion", "kind", "metadata", "spec"]);
  });
});
