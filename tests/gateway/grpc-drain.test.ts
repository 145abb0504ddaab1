import { describe, expect, test } from "bun:test";
import { temporaryFolder } from "../support/folder.ts";
import { startGatewayProcess, type GatewayProcess } from "../support/gateway-process.ts";
import { startRig } from "../support/gateway-rig.ts";
import { grpcClient, rawOf } from "../support/grpc.ts";
import { ack, callHeaders, callMessage, frame, frameClient, frames, silentClient } from "../support/http2-frames.ts";
import { linearModel } from "../support/models.ts";
import { servingTree } from "../support/serving-tree.ts";

/** A row for a linear model, whatever it is about. */
const row = {
  model_name: "fraud",
  inputs: [{ name: "input", datatype: "FP32", shape: [1, 3] }],
  raw_input_contents: [rawOf(Float32Array.of(0, 0, 0))],
};

const connections = 8;
const callsAtOnce = 4;

/** The gateway waits up to 5 s for callers that never rest to go elsewhere. */
const patienceMs = 30_000;

describe("SIGTERM under load over gRPC", () => {
  test.concurrent(
    "fails no call of clients that know another gateway",
    async () => {
      await using first = await start();
      await using second = await start();
      using load = startLoad([portOf(first), portOf(second)]);
      await load.until(200);
      expect(await first.terminate()).toBe(0);
      const after = load.count();
      await load.until(after + 200);
      await load.end();
      expect([...load.seen]).toEqual(["OK"]);
    },
    patienceMs,
  );

  test.concurrent(
    "fails only new calls of clients that know no other, and with UNAVAILABLE",
    async () => {
      await using gateway = await start();
      using load = startLoad([portOf(gateway)]);
      await load.until(200);
      const ended = gateway.terminate();
      await gateway.logged("stopping");
      const atSignal = load.count();
      await load.until(atSignal + 50);
      expect([...load.seen]).toEqual(["OK"]);
      expect(await ended).toBe(0);
      await load.end();
      expect([...load.seen].filter((status) => status !== "UNAVAILABLE")).toEqual(["OK"]);
    },
    patienceMs,
  );
});

describe("stopping", () => {
  const live = "/inference.GRPCInferenceService/ServerLive";
  const nothing = Buffer.alloc(0);

  test("answers a call that was on its way when the connection was told to end", async () => {
    const rig = await startRig(servingTree({ fraud: { versions: { 1: linearModel() } } }));
    using client = await frameClient(await rig.listenGrpc());
    const stopped = rig[Symbol.asyncDispose]();
    client.write(callHeaders(1, live), callMessage(1, nothing));
    // No call is refused before the client was told to send none.
    expect((await client.next(frames.goaway)).payload.readUInt32BE(0)).toBe(2 ** 31 - 1);
    const { payload } = await client.next(frames.ping);
    expect(await client.next(frames.data)).toMatchObject({ stream: 1 });
    client.write(frame(frames.ping, ack, 0, payload));
    expect((await client.next(frames.goaway)).payload.readUInt32BE(0)).toBe(1);
    await client.closed;
    await stopped;
  });

  test("closes the connection of a client that does not do so itself, when its last call is answered", async () => {
    const rig = await startRig(servingTree({ fraud: { versions: { 1: linearModel() } } }));
    using client = await frameClient(await rig.listenGrpc());
    client.write(callHeaders(1, live), frame(frames.ping, 0, 0, Buffer.alloc(8)));
    await client.next(frames.ping);
    const stopped = rig[Symbol.asyncDispose]();
    const { payload } = await client.next(frames.ping);
    client.write(frame(frames.ping, ack, 0, payload), callMessage(1, nothing));
    expect(await client.next(frames.data)).toMatchObject({ stream: 1 });
    await client.closed;
    await stopped;
  });

  test("does not wait for clients that answer nothing", async () => {
    const rig = await startRig(servingTree({ fraud: { versions: { 1: linearModel() } } }));
    const port = await rig.listenGrpc();
    using silent = await silentClient(port);
    using idle = await frameClient(port);
    await idle.next(frames.settings);
    await rig[Symbol.asyncDispose]();
    await Promise.all([silent.closed, idle.closed]);
  });
});

async function start(): Promise<GatewayProcess> {
  const folder = temporaryFolder(servingTree({ fraud: { versions: { 1: linearModel() } } }));
  const gateway = await startGatewayProcess({ MMSP_ENV: "dev", MMSP_DIR: folder.path, MMSP_GRPC_PORT: "0" });
  const { [Symbol.asyncDispose]: end } = gateway;
  return Object.assign(gateway, {
    async [Symbol.asyncDispose]() {
      await end();
      folder[Symbol.dispose]();
    },
  });
}

function portOf({ grpc }: GatewayProcess): number {
  return Number(grpc?.split(":")[1]);
}

/** Callers that never rest. */
function startLoad(ports: readonly number[]) {
  const seen = new Set<string>();
  const waiting = new Set<() => void>();
  let count = 0;
  const over = new AbortController();
  const clients = Array.from({ length: connections }, () => grpcClient(ports));
  const callers = clients.flatMap((client) => Array.from({ length: callsAtOnce }, () => client));
  const running = callers.map(async (client) => {
    while (!over.signal.aborted) {
      seen.add((await client.call("ModelInfer", row, { withinMs: patienceMs })).status);
      count++;
      for (const look of waiting) look();
    }
  });
  return {
    seen,
    count: () => count,
    /** Resolves when so many calls have ended. */
    async until(wanted: number): Promise<void> {
      const { promise, resolve } = Promise.withResolvers<void>();
      const look = (): void => {
        if (count >= wanted) resolve();
      };
      waiting.add(look);
      look();
      await promise;
      waiting.delete(look);
    },
    async end(): Promise<void> {
      over.abort();
      await Promise.all(running);
    },
    [Symbol.dispose]() {
      over.abort();
      for (const client of clients) client[Symbol.dispose]();
    },
  };
}
