/** The ways in which the soak asks, each for the probability of one row. */
import { grpcClient, rawOf, type GrpcClient } from "../support/grpc.ts";
import { binaryRequest, splitReply } from "../support/triton-wire.ts";

export interface Question {
  readonly model: string;
  readonly row: readonly number[];
}

export interface Answered {
  /** 200, or what was said instead. */
  readonly status: number | string;
  /** For people, where it is not 200. */
  readonly said: string;
  readonly version: number;
  /** The probability of the first class. */
  readonly got: number;
  /** Stable has answered for a failing canary. */
  readonly isStandIn: boolean;
}

/** Rejects where there is no answer; null: the caller has left before it came. */
type Way = (question: Question) => Promise<Answered | null>;

export interface Ways extends Disposable {
  readonly all: readonly (readonly [name: string, share: number, way: Way])[];
}

/** Where a gateway is asked. */
export interface Door {
  readonly url: string;
  readonly grpc: string | null;
}

/** The shares add up to 1. */
export function openWays({ url, grpc }: Door): Ways {
  const client = grpcClient(Number(grpc?.split(":").at(-1)));
  const post: Post = (path, body, init = {}) => fetch(url + path, { method: "POST", body, ...init });
  return {
    all: [
      ["predict", 0.2, (asked) => predict(post, asked)],
      ["v1", 0.15, (asked) => v1(post, asked)],
      ["v2 JSON", 0.2, (asked) => infer(post, asked)],
      ["v2 binary", 0.15, (asked) => inferBinary(post, asked)],
      ["gRPC", 0.15, (asked) => call(client, asked)],
      // Stable of `risky` is never another one.
      ["a named version", 0.1, ({ row }) => infer(post, { model: "risky", row }, "/versions/1")],
      ["callers that leave", 0.05, (asked) => leave(post, asked)],
    ],
    [Symbol.dispose]: () => client[Symbol.dispose](),
  };
}

type Post = (path: string, body: string | Uint8Array<ArrayBuffer>, init?: RequestInit) => Promise<Response>;

/** What the gateway reads, and translates for a model server. */
async function predict(post: Post, { model, row }: Question): Promise<Answered> {
  return fromRows(await post("/predict", JSON.stringify({ model, features: [row] })));
}

async function v1(post: Post, { model, row }: Question): Promise<Answered> {
  return fromRows(await post(`/v1/models/${model}:predict`, JSON.stringify({ instances: [row] })));
}

async function fromRows(reply: Response): Promise<Answered> {
  const said = await reply.text();
  if (reply.status !== 200) return refused(reply, said);
  const { probabilities } = JSON.parse(said) as { readonly probabilities: readonly (readonly number[])[] };
  return answered(reply, probabilities[0]?.[0]);
}

const inputOf = (row: readonly number[]) => ({ name: "input", datatype: "FP32", shape: [1, row.length] });

/** What it passes to a model server unread. */
async function infer(post: Post, { model, row }: Question, version = "", init: RequestInit = {}): Promise<Answered> {
  const body = JSON.stringify({ inputs: [{ ...inputOf(row), data: row }] });
  const reply = await post(`/v2/models/${model}${version}/infer`, body, init);
  const said = await reply.text();
  if (reply.status !== 200) return refused(reply, said);
  const { outputs } = JSON.parse(said) as {
    readonly outputs: readonly { readonly name: string; readonly data: readonly number[] }[];
  };
  return answered(reply, outputs.find(({ name }) => name === "probabilities")?.data[0]);
}

async function inferBinary(post: Post, { model, row }: Question): Promise<Answered> {
  const { body, jsonBytes } = binaryRequest([row]);
  const headers = { "inference-header-content-length": String(jsonBytes) };
  const reply = await post(`/v2/models/${model}/infer`, body, { headers });
  const bytes = await reply.bytes();
  if (reply.status !== 200) return refused(reply, new TextDecoder().decode(bytes));
  const jsonLength = Number(reply.headers.get("inference-header-content-length"));
  const { entries, binary } = splitReply(bytes, jsonLength, "outputs");
  const before = entries.slice(
    0,
    entries.findIndex(({ name }) => name === "probabilities"),
  );
  const at = before.reduce((sum, { parameters }) => sum + (parameters?.binary_data_size ?? 0), 0);
  return answered(reply, new DataView(binary.buffer, binary.byteOffset + at).getFloat32(0, true));
}

async function call(client: GrpcClient, { model, row }: Question): Promise<Answered> {
  const raw = [rawOf(Float32Array.from(row))];
  const request = { model_name: model, inputs: [inputOf(row)], raw_input_contents: raw };
  const { status, details, reply, metadata } = await client.call("ModelInfer", request);
  const signed = metadata.getMap();
  // Only what the gateway has signed is an answer; all else is the client's word for its connection.
  if (!("x-mmsp-request-id" in signed)) throw new Error(`${status}: ${details}`);
  if (status !== "OK") return { status, said: details, version: NaN, got: NaN, isStandIn: false };
  const [, scores = ""] = reply["raw_output_contents"] as readonly string[];
  return {
    status: 200,
    said: "",
    version: Number(reply["model_version"]),
    got: Buffer.from(scores, "base64").readFloatLE(),
    isStandIn: "x-mmsp-fallback-from" in signed,
  };
}

/** Milliseconds within which callers leave that do not wait: about as long as an answer takes. */
const leavesWithinMs = 4;

async function leave(post: Post, asked: Question): Promise<Answered | null> {
  const signal = AbortSignal.timeout(Math.round(Math.abs(asked.row[1] ?? 0) % leavesWithinMs));
  try {
    return await infer(post, asked, "", { signal });
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  }
}

function refused({ status }: Response, said: string): Answered {
  return { status, said, version: NaN, got: NaN, isStandIn: false };
}

function answered({ status, headers }: Response, got = NaN): Answered {
  const version = Number(headers.get("x-mmsp-version"));
  return { status, said: "", version, got, isStandIn: headers.has("x-mmsp-fallback-from") };
}
