import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startRig, type GatewayRig, type Send } from "../../support/gateway-rig.ts";
import { linearModel } from "../../support/models.ts";
import { refusalAt } from "../../support/refusal.ts";
import { servingTree } from "../../support/serving-tree.ts";

/** Bytes that a body may have here. */
const limit = 2048;

const fraudInfer = "/v2/models/fraud/infer";

let rig: GatewayRig;
let overSocket: Send;
beforeAll(async () => {
  const fraud = { versions: { 1: linearModel() } };
  rig = await startRig(servingTree({ fraud }, { gateway: { maxBodyBytes: limit } }));
  overSocket = rig.listen();
});
afterAll(() => rig[Symbol.asyncDispose]());

const ways: readonly (readonly [string, Send])[] = [
  ["in process", (path, init) => rig.send(path, init)],
  ["over a socket", (path, init) => overSocket(path, init)],
];

describe.each(ways)("%s", (_, send) => {
  test.each(["/predict", "/v1/models/fraud:predict", fraudInfer])(
    "an announced body over the limit at %s is refused unread",
    async (path) => {
      const reply = await send(path, { method: "POST", body: "x".repeat(limit + 1) });
      expect(reply.status).toBe(413);
      expect(reply.json()).toEqual(refusalAt(path, "body-too-large", /may have 2048 bytes; send less at once/));
    },
  );

  test.each(["x", "é"])("a chunked body of %s over the limit is refused, counted in bytes", async (letter) => {
    const text = letter.repeat(Math.floor(limit / Buffer.byteLength(letter)) + 1);
    const reply = await send("/predict", { method: "POST", body: inChunks(text) });
    expect(reply).toMatchObject({ status: 413 });
    expect(reply.json()).toMatchObject({ code: "body-too-large" });
  });

  test("a chunked body without end is refused as soon as it is over the limit", async () => {
    let asked = 0;
    const endless = new ReadableStream({
      pull(controller) {
        asked += 1;
        controller.enqueue(new Uint8Array(256 * 1024).fill(32));
        // A gateway that reads on would wait for the rest of 128 MiB.
        if (asked > 512) controller.close();
      },
    });
    const reply = await send("/predict", { method: "POST", body: endless });
    expect(reply).toMatchObject({ status: 413 });
    expect(asked).toBeLessThan(500);
  });

  test("a chunked body up to the limit is read like any other", async () => {
    const body = JSON.stringify({ instances: [[1, 2, 3]] });
    const reply = await send("/predict", { method: "POST", body: inChunks(body.padEnd(limit)) });
    expect(reply).toMatchObject({ status: 200 });
  });

  test.each([
    ["/nothing", "GET"],
    ["/v2/models/fraud/versions", "GET"],
  ])("%s by %s is answered like other mistakes", async (path, method) => {
    const reply = await send(path, { method });
    expect(reply.status).toBe(404);
    expect(reply.json()).toEqual(refusalAt(path, "not-found", /^there is nothing at this address$/));
  });

  test.each([
    ["/predict", "GET"],
    [fraudInfer, "PUT"],
    ["/v2/models/fraud/versions/1/infer", "GET"],
    ["/v2/repository/index", "GET"],
    ["/v1/models/fraud:predict", "GET"],
    ["/alerts", "GET"],
    ["/reload", "GET"],
  ])("%s by %s says which method is meant", async (path, method) => {
    const reply = await send(path, { method });
    expect(reply.status).toBe(405);
    expect(reply.headers.get("allow")).toBe("POST");
    expect(reply.json()).toEqual(refusalAt(path, "method-not-allowed", new RegExp(`^use POST, not ${method}$`)));
  });
});

function inChunks(text: string): ReadableStream<Uint8Array> {
  const bytes = Buffer.from(text);
  const half = Math.floor(bytes.length / 2);
  return new ReadableStream({
    start(controller) {
      controller.enqueue(bytes.subarray(0, half));
      controller.enqueue(bytes.subarray(half));
      controller.close();
    },
  });
}
