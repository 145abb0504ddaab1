/** Numbers that Triton's JSON carries otherwise than anybody else's, or not at all. */
import { describe, expect, test } from "bun:test";
import { jsonInput, rigOf } from "../support/triton-rig.ts";
import { sendJson, startFakeTriton } from "../support/triton-fake.ts";

describe("numbers that are not finite, which Triton writes as no JSON has them", () => {
  test.each(["NaN", "-Infinity"])("%s is told, as the gateway's own models' is", async (number) => {
    await using one = await startFakeTriton(["fraud/1"]);
    await using rig = await rigOf({ fakes: [one] });
    const outputs = `[{"name":"label","datatype":"INT64","shape":[1],"data":[1]},{"name":"NaN","data":[0.5, ${number}]}]`;
    one.trick = (_, response) => {
      response.writeHead(200, { "content-type": "application/json" }).end(`{"model_version":"1","outputs":${outputs}}`);
      return true;
    };
    const reply = await rig.post("/v2/models/fraud/infer", jsonInput);
    expect([reply.status, reply.json()["error"]]).toEqual([
      422,
      expect.stringMatching(/^output "NaN": element 1 is not a finite number, .*binary_data_output/),
    ]);
  });

  test("their names in a text are nobody's concern", async () => {
    await using one = await startFakeTriton(["fraud/1"]);
    await using rig = await rigOf({ fakes: [one] });
    const body = { model_version: "1", outputs: [{ name: "words", data: ["NaN", "[Infinity, NaN]"] }] };
    one.trick = (_, response) => sendJson(response, 200, body);
    const reply = await rig.post("/v2/models/fraud/infer", jsonInput);
    expect([reply.status, reply.json()]).toEqual([200, body]);
  });
});
