/** Callers of the gateway, and what they make of its replies. */
import assert from "node:assert/strict";
import { binaryRequest, splitReply } from "../../support/triton-wire.ts";
import type { TritonWorld } from "./triton-world.ts";

/** What everybody asks fraud. */
export const rows = [
  [1, 2, 3],
  [3, 2, 1],
];
export const body = { inputs: [{ name: "input", datatype: "FP32", shape: [2, 3], data: rows }] };
export const infer = "/v2/models/fraud/infer";

interface Load extends AsyncDisposable {
  stop(): Promise<{
    /** By status, and by what a reply says that is none. */
    readonly statuses: Readonly<Record<string, number>>;
    readonly versions: Readonly<Record<string, number>>;
  }>;
}

/** Callers who send one request after another, until it is stopped. */
export function startLoad({ post }: TritonWorld, callers = 4): Load {
  const statuses: Record<string, number> = {};
  const versions: Record<string, number> = {};
  const over = new AbortController();
  const call = async (binary: boolean): Promise<void> => {
    while (!over.signal.aborted) {
      const reply = await (binary ? postBinary(post, infer) : post(infer, body));
      const said = reply.status === 200 ? (await reply.arrayBuffer(), "") : ` ${await reply.text()}`;
      const ending = `${reply.status}${said}`;
      statuses[ending] = (statuses[ending] ?? 0) + 1;
      const version = reply.headers.get("x-mmsp-version") ?? "none";
      versions[version] = (versions[version] ?? 0) + 1;
    }
  };
  const all = Promise.all(Array.from({ length: callers }, (_, at) => call(at % 2 === 0)));
  const stop = async () => {
    over.abort();
    await all;
    return { statuses, versions };
  };
  return { stop, [Symbol.asyncDispose]: async () => void (await stop()) };
}

export function postBinary(post: TritonWorld["post"], path: string): Promise<Response> {
  const { body, jsonBytes } = binaryRequest(rows);
  return post(path, body, { "inference-header-content-length": String(jsonBytes) });
}

/** One input as binary data. */
export function postRaw(
  post: TritonWorld["post"],
  path: string,
  { bytes, ...input }: { name: string; datatype: string; shape: readonly number[]; bytes: Uint8Array },
  parameters: object = {},
): Promise<Response> {
  const inputs = [{ ...input, parameters: { binary_data_size: bytes.length } }];
  const head = Buffer.from(JSON.stringify({ inputs, parameters }));
  const headers = { "inference-header-content-length": String(head.length) };
  return post(path, Buffer.concat([head, bytes]), headers);
}

export async function binaryScores(reply: Response): Promise<Float32Array> {
  assert.equal(reply.status, 200);
  const bytes = await reply.bytes();
  const jsonBytes = Number(reply.headers.get("inference-header-content-length"));
  const { entries, binary } = splitReply(bytes, jsonBytes, "outputs");
  let at = 0;
  for (const { name, parameters } of entries) {
    const size = parameters?.binary_data_size ?? 0;
    if (name === "probabilities") return new Float32Array(binary.slice(at, at + size).buffer);
    at += size;
  }
  throw new Error("there are no probabilities");
}

export async function json(reply: Response, status = 200): Promise<Record<string, unknown>> {
  const text = await reply.text();
  assert.equal(reply.status, status, text);
  return JSON.parse(text) as Record<string, unknown>;
}

export function softmax(logits: readonly number[]): number[] {
  const powers = logits.map(Math.exp);
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

export function near(given: readonly number[], expected: readonly number[]): void {
  assert.equal(given.length, expected.length);
  given.forEach((value, at) =>
    assert.ok(Math.abs(value - (expected[at] ?? 0)) < 1e-5, `${given.join()} is not ${expected.join()}`),
  );
}
