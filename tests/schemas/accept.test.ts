import { expect, test } from "bun:test";
import { acceptor, type JsonSchema } from "../../schemas/accept.ts";
import { jsonSchemas } from "../../schemas/generate.ts";

test("knows every keyword of the schemas", () => {
  for (const schema of Object.values(jsonSchemas())) {
    expect(acceptor(schema as JsonSchema)({ kind: "Secret" })).toBe(false);
  }
});

test("does not pass over a keyword that it does not know", () => {
  const schema = { type: "object", properties: { a: { type: "string", format: "date" } } } as JsonSchema;
  expect(() => acceptor(schema)).toThrow('accept.ts does not know the keyword "format"');
});
