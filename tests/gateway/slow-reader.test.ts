import { connect, type Socket } from "node:net";
import { expect, test } from "bun:test";
import type { GatewayRig } from "../support/gateway-rig.ts";
import { startRig } from "../support/gateway-rig.ts";
import { linearModel } from "../support/models.ts";
import { servingTree } from "../support/serving-tree.ts";
import { startFakeTriton } from "../support/triton-fake.ts";
import { jsonInput, rigOf } from "../support/triton-rig.ts";
import { binaryRequest } from "../support/triton-wire.ts";

const infer = "/v2/models/fraud/infer";
/** As much as no socket takes at once, from a request of half the size that is read by default. */
const rowCount = 350_000;
const spec = { serving: { timeoutMs: 30_000 } };

/** Sends a request, and reads nothing of its reply: that it has come at all shows when there is something to be read. */
async function askUnread(port: number, body: Uint8Array, headers: Readonly<Record<string, unknown>>): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  const lines = Object.entries({ host: "gateway", connection: "close", ...headers, "content-length": body.length });
  socket.write(
    `POST ${infer} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${String(value)}\r\n`).join("")}\r\n`,
  );
  socket.write(body);
  await new Promise<void>((resolve) => socket.once("readable", resolve));
  return socket;
}

/** Piece by piece, and something else after each. */
async function readSlowly(socket: Socket, between: () => Promise<unknown>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of socket) {
    pieces.push(piece as Buffer);
    if (pieces.length % 20 === 0) await between();
  }
  return Buffer.concat(pieces);
}

async function held(rig: GatewayRig, body: Uint8Array, headers: object): Promise<string> {
  const send = rig.listen();
  const socket = await askUnread(rig.app.server?.port ?? 0, body, { ...headers });
  const ask = async (): Promise<void> => {
    const reply = await send(infer, { method: "POST", body: JSON.stringify(jsonInput) });
    expect(reply.status).toBe(200);
  };
  for (let asked = 0; asked < 20; asked++) await ask();
  const reply = await readSlowly(socket, ask);
  const end = reply.indexOf("\r\n\r\n");
  const [head, text] = [reply.subarray(0, end).toString(), reply.subarray(end + 4).toString()];
  expect(head).toMatch(/^HTTP\/1\.1 200 /);
  expect(text.length).toBeGreaterThan(10_000_000);
  return text;
}

test("who reads a large answer slowly gets all of it, and holds up nobody, of a model in the gateway", async () => {
  await using rig = await startRig(servingTree({ fraud: { versions: { 1: linearModel() }, spec } }));
  const { body, jsonBytes } = binaryRequest(Array.from({ length: rowCount }, () => [1, 2, 3]));
  const asked = Buffer.from(body.subarray(0, jsonBytes)).toString().replace(":true", ":false");
  const text = await held(rig, Buffer.concat([Buffer.from(asked), body.subarray(jsonBytes)]), {
    "inference-header-content-length": asked.length,
  });
  const { outputs } = JSON.parse(text) as { outputs: { data: unknown[] }[] };
  expect(outputs.map(({ data }) => data.length)).toEqual([rowCount, 2 * rowCount]);
});

test("and of a model on Triton", async () => {
  await using fake = await startFakeTriton(["fraud/1"]);
  await using rig = await rigOf({ fakes: [fake], served: { spec } });
  const large = JSON.stringify({
    outputs: [{ name: "label", data: Array.from({ length: 2_500_000 }, (_, at) => at) }],
  });
  const body = Buffer.from(JSON.stringify({ id: "large", ...jsonInput }));
  fake.trick = (request, response) => {
    if (!request.body.equals(body)) return false;
    response.writeHead(200, { "content-type": "application/json" }).end(large);
    return true;
  };
  const text = await held(rig, body, { "content-type": "application/json" });
  expect(text === large).toBe(true);
});
