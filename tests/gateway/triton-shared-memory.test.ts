import { describe, expect, test } from "bun:test";
import { startFakeTriton } from "../support/triton-fake.ts";
import { jsonInput, rigOf, rows } from "../support/triton-rig.ts";

const [input] = jsonInput.inputs;
const region = { shared_memory_region: "neighbour", shared_memory_byte_size: 16 };
const withOutput = (parameters: object) => ({ ...jsonInput, outputs: [{ name: "label", parameters }] });
/** The key as JSON may spell it too, and hidden from who reads the last of two. */
const spelled = JSON.stringify(withOutput(region)).replace("shared_memory_region", "shared\\u005Fmemory\\u005fregion");
const twice = JSON.stringify(withOutput(region)).replace('"parameters":{', '"parameters":{},"parameters":{');
const first = JSON.stringify(withOutput(region)).replace(/"parameters":(\{[^}]*\})/, '"parameters":$1,"parameters":{}');

describe("shared memory, which holds what is the server's or others', is refused in front of Triton:", () => {
  test.each([
    ["for an output", JSON.stringify(withOutput(region))],
    ["for an input", JSON.stringify({ inputs: [{ ...input, data: undefined, parameters: region }] })],
    ["spelled with escapes", spelled],
    ["behind parameters that are empty", twice],
  ])("%s", async (_, body) => {
    await using one = await startFakeTriton(["fraud/1"]);
    await using rig = await rigOf({ fakes: [one] });
    const reply = await rig.send("/v2/models/fraud/infer", { method: "POST", body });
    expect(reply.status).toBe(422);
    expect(reply.json()["error"]).toContain('"shared_memory_region" is not supported here');
    expect(one.inferred).toEqual([]);
  });

  test("in binary requests as well, and never reaches Triton before parameters that are empty", async () => {
    await using one = await startFakeTriton(["fraud/1"]);
    await using rig = await rigOf({ fakes: [one] });
    const headers = { "inference-header-content-length": String(Buffer.byteLength(spelled)) };
    const binary = await rig.send("/v2/models/fraud/infer", { method: "POST", body: Buffer.from(spelled), headers });
    expect(binary.status).toBe(422);
    await rig.send("/v2/models/fraud/infer", { method: "POST", body: first });
    expect(one.inferred.map(({ body }) => body.toString()).join()).not.toContain("neighbour");
  });

  test("but not a text that only mentions it, nor others that JSON has escaped", async () => {
    await using one = await startFakeTriton(["fraud/1"]);
    await using rig = await rigOf({ fakes: [one] });
    const body = (id: string) => JSON.stringify({ id, ...jsonInput }).replace("é", "\\u00e9");
    for (const id of ["shared_memory_region", "é"]) {
      const reply = await rig.send("/v2/models/fraud/infer", { method: "POST", body: body(id) });
      expect([reply.status, reply.json()["outputs"]]).toMatchObject([200, [{ data: rows.map(() => 1) }, {}]]);
    }
    expect(one.inferred.at(-1)?.body.toString()).toBe(body("é"));
  });
});
