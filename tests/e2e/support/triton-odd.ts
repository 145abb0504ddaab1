/** What is odd about requests, replies and replicas, with real Tritons behind the gateway. */
import assert from "node:assert/strict";
import { failingModel } from "../../support/models.ts";
import { binaryRequest } from "../../support/triton-wire.ts";
import type { Scenarios } from "./scenarios.ts";
import { body, infer, json } from "./triton-callers.ts";
import type { TritonWorld } from "./triton-world.ts";
import { until } from "./until.ts";

/** Shared memory, and bytes that are no text. */
export async function oddRequests({ post }: TritonWorld, { scenario }: Scenarios): Promise<void> {
  await scenario("a region of Triton's shared memory is nobody's to name", async () => {
    const parameters = { shared_memory_region: "neighbour", shared_memory_byte_size: 16 };
    const reply = await json(await post(infer, { ...body, outputs: [{ name: "label", parameters }] }), 422);
    assert.match(String(reply["error"]), /"shared_memory_region" is not supported here/);
  });

  await scenario("bytes that are no text go both ways, handed on and translated", async () => {
    const ids = Buffer.from(new BigInt64Array([7n]).buffer);
    const image = Buffer.from([4, 0, 0, 0, 0xff, 0xd8, 0xff, 0xe0]);
    // What mentions shared memory is not handed on unread.
    for (const id of ["image", "shared_memory"]) {
      const inputs = [
        { name: "ids", datatype: "INT64", shape: [1], parameters: { binary_data_size: ids.length } },
        { name: "words", datatype: "BYTES", shape: [1], parameters: { binary_data_size: image.length } },
      ];
      const head = Buffer.from(JSON.stringify({ id, inputs, parameters: { binary_data_output: true } }));
      const headers = { "inference-header-content-length": String(head.length) };
      const reply = await post("/v2/models/text/infer", Buffer.concat([head, ids, image]), headers);
      assert.equal(reply.status, 200);
      assert.ok(Buffer.from(await reply.bytes()).includes(image));
    }
  });
}

/** What JSON has no words for, of a canary and of stable alike. */
export async function oddReplies(world: TritonWorld, { scenario }: Scenarios): Promise<void> {
  const { post, metric } = world;
  await scenario("NaN in the answers of canary and stable is held against neither", async () => {
    const { body, jsonBytes } = binaryRequest([[Number.NaN, 1, 2]]);
    const head = Buffer.from(body.subarray(0, jsonBytes)).toString().replace(":true", ":false");
    const headers = { "inference-header-content-length": String(head.length) };
    const request = Buffer.concat([Buffer.from(head), body.subarray(jsonBytes)]);
    const askedOfCanary = async (): Promise<number> => {
      const attempts = Object.entries(await metric("gateway_request_total"));
      return attempts.reduce((sum, [labels, count]) => sum + (labels.includes('phase="canary"') ? count : 0), 0);
    };
    const [before, asked] = [await metric("gateway_request_errors_total"), await askedOfCanary()];
    await until("the canary was asked", async () => {
      const reply = await json(await post(infer, request, headers), 422);
      assert.match(String(reply["error"]), /is not a finite number.*binary_data_output/);
      return (await askedOfCanary()) > asked;
    });
    assert.deepEqual(await metric("gateway_request_errors_total"), before);
  });
}

/** One replica fails on everything, the other on nothing. */
export async function oddReplica(world: TritonWorld, { scenario }: Scenarios): Promise<void> {
  const { post, metric, serve, tritons } = world;
  const [, second] = tritons;
  const isUp = async (): Promise<boolean> =>
    (await metric("gateway_model_server_up"))[`{address="${second.url}"}`] === 1;
  await scenario(
    "a replica that fails on what the other answers is taken out, and is back when it answers",
    async () => {
      await serve(second, [3], { 3: failingModel({ limit: 1 }) });
      const statuses: number[] = [];
      while (await isUp()) statuses.push((await post(infer, body)).status);
      for (let sent = 0; sent < 20; sent++) statuses.push((await post(infer, body)).status);
      const failed = statuses.filter((status) => status !== 200);
      process.stdout.write(`  ${failed.length} of ${statuses.length} requests failed\n`);
      assert.ok(failed.length < 10 && failed.every((status) => status === 500), JSON.stringify(statuses));
      await serve(second, [3]);
      await until("it is back", async () => ((await post(infer, body)).status, isUp()));
    },
  );
}
