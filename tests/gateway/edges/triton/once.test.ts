/** That an inference is never run twice by Triton for one request, and that keeping connections loses none. */
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { expect, test } from "bun:test";
import type { ModelServer } from "../../../../gateway/core/ports.ts";
import { createTriton } from "../../../../gateway/edges/triton/triton.ts";
import { createUpstream } from "../../../../gateway/edges/upstream/upstream.ts";
import { linearModel } from "../../../support/models.ts";
import { startFakeTriton, type FakeTriton } from "../../../support/triton-fake.ts";
import { modelVersion } from "../../../support/versions.ts";

const bytes = linearModel();
const twoRows = [
  { name: "input", datatype: "FP32", shape: [2, 3], data: new Float32Array([1, 2, 3, 4, 5, 6]) },
] as const;

function server(): ModelServer & AsyncDisposable {
  const triton = createTriton({ open: createUpstream });
  return { ...triton, [Symbol.asyncDispose]: () => triton.close() };
}

/** Notes the connection that a request came on; the fake then answers it. */
function noting(into: Set<Socket | null>): NonNullable<FakeTriton["trick"]> {
  return (_, response) => (into.add(response.socket), false);
}

const endings: readonly (readonly [string, (response: ServerResponse) => unknown])[] = [
  ["closed in order", ({ socket }) => socket?.end()],
  ["reset", ({ socket }) => socket?.resetAndDestroy()],
  [
    "closed in mid-reply",
    (response) => {
      response.writeHead(200, { "content-length": "500" });
      response.write("{", () => response.socket?.destroy());
    },
  ],
];

test.each(endings)(
  "a request on a kept connection that is then %s reaches one replica once, and fails",
  async (_, end) => {
    await using one = await startFakeTriton();
    await using two = await startFakeTriton();
    await using triton = server();
    const model = await triton.find(modelVersion(bytes), [one.url, two.url]);
    const [kept, used] = [new Set<Socket | null>(), new Set<Socket | null>()];
    for (const fake of [one, two]) fake.trick = noting(kept);
    while (one.inferred.length === 0 || two.inferred.length === 0) await model.infer(twoRows);
    const before = one.inferred.length + two.inferred.length;
    for (const fake of [one, two]) {
      fake.trick = (_, response) => (used.add(response.socket), end(response), true);
    }
    const error = await model.infer(twoRows).catch((error: unknown) => error);
    expect(error).toHaveProperty("name", "InferenceError");
    expect(one.inferred.length + two.inferred.length).toBe(before + 1);
    expect(used.isSubsetOf(kept)).toBe(true);
    for (const fake of [one, two]) fake.trick = null;
    expect(await model.infer(twoRows)).toHaveLength(2);
  },
);

test("connections that Triton closes while nobody uses them cost no request", async () => {
  await using one = await startFakeTriton();
  await using triton = server();
  const model = await triton.find(modelVersion(bytes), [one.url]);
  const kept = new Set<Socket | null>();
  one.trick = noting(kept);
  for (let sent = 1; sent <= 5; sent++) {
    expect(await model.infer(twoRows)).toHaveLength(2);
    expect(kept.size).toBe(sent);
    const [socket] = [...kept].slice(-1);
    const { promise: noticed, resolve: notice } = Promise.withResolvers<void>();
    socket?.once("close", () => notice());
    socket?.end();
    await noticed;
  }
  expect(one.inferred).toHaveLength(5);
});
