import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { flawIn } from "../../../gateway/core/unread-reply.ts";
import { linearSignature } from "../../support/versions.ts";

const signature = linearSignature();
const message = (json: string, tail: Uint8Array = new Uint8Array(), jsonBytes: number | null = null) => {
  return { body: Buffer.concat([Buffer.from(json), tail]), contentType: null, jsonBytes };
};
const request = message("{}");
const label = { name: "label", datatype: "INT64", shape: [2], data: [1, 2] };
const scores = { name: "probabilities", datatype: "FP32", shape: [2, 2], data: [1, 2, 3, 4] };
const flawOf = (json: string, asked = request) => flawIn(asked, message(json), signature)?.message ?? null;

test("whatever a server answers, it is what was asked for, or the flaw in it has a name", () => {
  const number = fc.oneof(fc.integer({ min: -2, max: 40 }), fc.double(), fc.anything());
  const entry = fc.record(
    {
      name: fc.constantFrom("label", "probabilities", "other", 1),
      datatype: fc.constantFrom("INT64", "FP32", "BYTES", null),
      shape: fc.oneof(fc.array(fc.integer({ min: -1, max: 3 }), { maxLength: 3 }), fc.anything()),
      data: fc.oneof(fc.array(number, { maxLength: 6 }), fc.anything()),
      parameters: fc.oneof(fc.record({ binary_data_size: number }), fc.anything()),
    },
    { requiredKeys: [] },
  );
  const head = fc.oneof(fc.record({ outputs: fc.array(entry, { maxLength: 3 }) }), fc.anything());
  const run = fc.property(head, head, fc.uint8Array({ maxLength: 64 }), fc.integer({ min: -3, max: 3 }), (...given) => {
    const [asked, answered, tail, off] = given;
    const json = JSON.stringify(answered) ?? "";
    const reply = message(json, tail, Math.max(0, Buffer.byteLength(json) + off));
    const flaw = flawIn(message(JSON.stringify(asked) ?? ""), reply, signature);
    expect([undefined, "MalformedAnswer", "RequestError"]).toContain(flaw?.name);
  });
  fc.assert(run, { numRuns: 2000 });
});

test("NaN and infinities are told from text that mentions them, and from what is no JSON", () => {
  const written = (...values: string[]) =>
    JSON.stringify({ id: 'NaN "\\ -Infinity', outputs: [label, scores] }).replace("[1,2,3,4]", `[${values.join()}]`);
  expect(flawOf(written("1", "2", "3", "4"))).toBeNull();
  for (const odd of ["NaN", "Infinity", "-Infinity", "Inf", "-Inf", "null"]) {
    expect(flawOf(written("1", odd, "3", "4"))).toStartWith('output "probabilities": element 1 is not a finite number');
  }
  expect(flawOf(written("1", '"NaN"', "3", "4"))).toBe(
    'output "probabilities": element 1 is the string "NaN", not FP32',
  );
  expect(flawOf(written("1", "nan", "3", "4"))).toBe("the reply names no outputs");
});

test("only the outputs that the request names have to be there", () => {
  const one = JSON.stringify({ outputs: [label] });
  expect(flawOf(one)).toBe('output "probabilities" is missing');
  expect(flawOf(one, message(JSON.stringify({ outputs: [{ name: "label" }] })))).toBeNull();
  expect(flawOf(one, message(JSON.stringify({ outputs: [] })))).toBe('output "probabilities" is missing');
});
