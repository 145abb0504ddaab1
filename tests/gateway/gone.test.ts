import { connect } from "node:net";
import { describe, expect, test } from "bun:test";
import { startRig, type GatewayRig } from "../support/gateway-rig.ts";
import { linearModel, slowModel } from "../support/models.ts";
import { servingTree } from "../support/serving-tree.ts";

const body = JSON.stringify({ instances: [[1, 2, 3]] });
const gone = { level: "info", message: "a client has gone before it was answered" };
const slow = servingTree({ fraud: { versions: { 1: slowModel({ rounds: 4000 }) } } });

/** The metric once it shows as many: a connection's end comes when it comes. */
async function repliesWith(rig: GatewayRig, code: number, count: number): Promise<unknown> {
  const patience = Date.now() + 10_000;
  const now = async () => (await rig.metric("gateway_reply_total"))[`{model="fraud",code="${code}"}`];
  while ((await now()) !== count && Date.now() < patience) await Bun.sleep(5);
  return now();
}

test("clients that leave while they wait are dropped: 499 in metrics and log, and held against nobody", async () => {
  await using rig = await startRig(slow);
  const send = rig.listen();
  const leaving = new AbortController();
  const answered = send("/predict", { method: "POST", body });
  const impatient = Array.from({ length: 5 }, () =>
    send("/predict", { method: "POST", body, signal: leaving.signal }).catch(() => "gone"),
  );
  // What they wait for has begun when the first is answered.
  expect((await answered).status).toBe(200);
  leaving.abort();
  expect(await Promise.all(impatient)).toEqual(Array(5).fill("gone"));
  expect(await repliesWith(rig, 499, 5)).toBe(5);
  expect(rig.logged).toContainEqual({ ...gone, details: { model: "fraud", status: 499, untold: 0 } });
  expect(rig.logged.filter(({ message }) => message === gone.message)).toHaveLength(1);
  expect(await rig.metric("gateway_request_errors_total")).toEqual({});
  // Nobody stands before this one.
  expect((await send("/predict", { method: "POST", body })).status).toBe(200);
});

/** Opens a connection and sends that much of a request. */
function begin(rig: GatewayRig, rest: string) {
  rig.listen();
  const socket = connect(rig.app.server?.port ?? 0, "127.0.0.1", () => {
    socket.write(`POST /predict HTTP/1.1\r\nHost: x\r\n${rest}`);
  });
  socket.on("error", () => undefined);
  return socket;
}

describe("not a failure of the gateway, but a 499, is a client that", () => {
  const quick = servingTree({ fraud: { versions: { 1: linearModel() } } });

  test("leaves in the middle of its body", async () => {
    await using rig = await startRig(quick);
    const socket = begin(rig, `Content-Length: 1000\r\n\r\n${body}`);
    const patience = Date.now() + 5000;
    while (rig.app.server?.pendingRequests === 0 && Date.now() < patience) await Bun.sleep(5);
    socket.destroy();
    expect(await repliesWith(rig, 499, 1)).toBe(1);
    expect(rig.logged.filter(({ level }) => level === "error")).toEqual([]);
  });

  test("sends what is no chunk, which Bun answers itself", async () => {
    await using rig = await startRig(quick);
    const socket = begin(rig, "Transfer-Encoding: chunked\r\n\r\nzz\r\n");
    expect(await repliesWith(rig, 499, 1)).toBe(1);
    expect(rig.logged.filter(({ level }) => level === "error")).toEqual([]);
    socket.destroy();
  });
});
