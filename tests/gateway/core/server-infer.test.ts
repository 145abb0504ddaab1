import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { InferenceError, InputRefused } from "../../../gateway/core/ports.ts";
import { decodeServerReply, serverFailure, serverMessage } from "../../../gateway/core/server-infer.ts";
import { linearSignature } from "../../support/versions.ts";

const json = (value: unknown) => Buffer.from(JSON.stringify(value));

test("whatever a server answers, it is the outputs that were asked for, or the version's failure", () => {
  const size = fc.oneof(fc.integer({ min: -2, max: 40 }), fc.double(), fc.constant(undefined), fc.string());
  const entry = fc.record(
    {
      name: fc.constantFrom("label", "probabilities", "other", 1),
      datatype: fc.constantFrom("INT64", "FP32", "BYTES", null),
      shape: fc.oneof(fc.array(fc.integer({ min: -1, max: 3 }), { maxLength: 3 }), fc.anything()),
      parameters: fc.oneof(fc.record({ binary_data_size: size }), fc.anything()),
    },
    { requiredKeys: [] },
  );
  const head = fc.oneof(fc.record({ outputs: fc.array(entry, { maxLength: 3 }) }), fc.anything());
  const run = fc.property(
    head,
    fc.uint8Array({ maxLength: 64 }),
    fc.integer({ min: -3, max: 3 }),
    (head, tail, off) => {
      const front = Buffer.from(JSON.stringify(head) ?? "");
      const body = Buffer.concat([front, tail]);
      try {
        const outputs = decodeServerReply(
          { body, contentType: null, jsonBytes: front.length + off },
          linearSignature(),
        );
        expect(outputs.map(({ name }) => name)).toEqual(["label", "probabilities"]);
      } catch (error) {
        expect(error).toBeInstanceOf(InferenceError);
      }
    },
  );
  fc.assert(run, { numRuns: 2000 });
});

test("an error's message is one short line, without the server's paths", () => {
  const error = "[request id: 7] Failed at /srv/models/fraud/1/model.py line 3. \n  Traceback";
  expect(serverMessage(json({ error }))).toBe("Failed at … line 3");
  expect(serverMessage(json({ error: "x".repeat(1000) }))).toHaveLength(300);
  for (const body of [json({}), json([]), json({ error: 3 }), Buffer.from("<html>"), Buffer.alloc(70_000)]) {
    expect(serverMessage(body)).toBe("without a message");
  }
});

test("a status says whose fault it is: the version's are a 5xx and a success that is no answer", () => {
  const kinds: Readonly<Record<string, readonly number[]>> = {
    InputRefused: [400, 413, 415, 422],
    Unavailable: [301, 304, 401, 403, 404, 405, 407, 408, 409, 411, 414, 421, 426, 431, 451, 499, 503],
    Overloaded: [429],
    DeadlineExceeded: [504],
    InferenceError: [201, 204, 206, 500, 501, 502, 507, 599],
  };
  for (const [kind, statuses] of Object.entries(kinds)) {
    for (const status of statuses) {
      const failure = serverFailure(status, json({ error: "no" }));
      expect([status, failure.name]).toEqual([status, kind]);
      if (failure instanceof InputRefused) expect(failure.status).toBe(status as never);
    }
  }
  expect(serverFailure(503, json({ error: "Exceeds maximum queue size" })).name).toBe("Overloaded");
  expect(serverFailure(503, json({ error: "Request timeout expired" })).name).toBe("DeadlineExceeded");
});
