import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { badInferRequests, badInputTree, badPredictRequests } from "../../support/bad-requests.ts";
import { startRig, type GatewayRig, type Send } from "../../support/gateway-rig.ts";
import { linearModel } from "../../support/models.ts";
import { refusalAt } from "../../support/refusal.ts";
import { servingTree } from "../../support/serving-tree.ts";

let rig: GatewayRig;
let overSocket: Send;
beforeAll(async () => {
  rig = await startRig(badInputTree());
  overSocket = rig.listen();
});
afterAll(() => rig[Symbol.asyncDispose]());

const ways: readonly (readonly [string, Send])[] = [
  ["in process", (path, init) => rig.send(path, init)],
  ["over a socket", (path, init) => overSocket(path, init)],
];

describe.each(ways)("%s", (_, send) => {
  test.each([...badPredictRequests, ...badInferRequests])(
    "%s at %s is refused with what to mend",
    async (_what, path, body, status, code, says) => {
      const reply = await send(path, { method: "POST", body });
      expect(reply.json()).toEqual(refusalAt(path, code, says));
      expect(reply.status).toBe(status);
      expect(reply.headers.get("content-type")).toStartWith("application/json");
      expectNothingOfTheInside(reply.text);
    },
  );
});

test("more rows than are taken at once are refused with the number", async () => {
  const roomy = servingTree({ fraud: { versions: { 1: linearModel() } } });
  await using other = await startRig(roomy);
  const reply = await other.post("/predict", { instances: Array.from({ length: 4097 }, () => [1, 2, 3]) });
  expect(reply.json()).toEqual({
    error: '"instances" has 4097 rows; at most 4096 are taken at once',
    code: "batch-too-large",
  });
  expect(reply.status).toBe(400);
});

test("an error that nobody foresaw is told by a fixed message, and by its own in the log", async () => {
  await using other = await startRig(servingTree({ fraud: { versions: { 1: linearModel() } } }), {
    random: () => {
      throw new Error("secret of /srv/models");
    },
  });
  const reply = await other.post("/predict", { instances: [[1, 2, 3]] });
  expect(reply.status).toBe(500);
  expect(reply.json()).toEqual({ error: "the gateway failed; its log says why", code: "internal" });
  expect(other.logged).toContainEqual(expect.objectContaining({ level: "error", message: "a request failed" }));
});

/** Neither files of this machine, nor lines of a stack, nor names of parts. */
function expectNothingOfTheInside(text: string): void {
  expect(text).not.toMatch(/\/(tmp|home|root|srv|usr|work)\/|\.ts\b|node_modules|\n\s+at |onnxruntime|elysia/i);
}
