/**
 * What a gateway answers to calls that are broken in every layer: messages, their frames and the connection. Each case follows
 * from its seed and its number. A promise is broken where a call is answered INTERNAL, is not answered, or where a sound call
 * beside it or after it, with numbers of its own, is answered wrongly.
 */
import { connect as connectHttp2, type ClientHttp2Session } from "node:http2";
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { decodeMessage, encodeMessage, rawOf } from "../support/grpc.ts";
import { seededRandom } from "../support/random.ts";
import { differs } from "./inputs/answers.ts";
import { canaryVersion, classify } from "./inputs/models.ts";

export interface GrpcFuzzOptions {
  readonly port: number;
  readonly seed: number;
  /** The first case to play; default 0. */
  readonly from?: number;
  readonly cases: number;
  /** Stops early, between two cases. */
  readonly until?: () => boolean;
}

export interface GrpcFuzzResult {
  readonly played: number;
  /** What was broken, with the seed and number of its case. */
  readonly failures: readonly string[];
  /** How often each status was answered. */
  readonly statuses: ReadonlyMap<string, number>;
}

type Random = () => number;

const path = "/inference.GRPCInferenceService/";
const internal = new Set(["13", "2", "missing"]);
/** That version fails on numbers that a broken message may well hold: then that is right. */
const failsOnIt = new RegExp(`^version ${canaryVersion} of fraud failed on this input$`);
const patienceMs = 15_000;
const soundEvery = 25;

/** Sound requests for a model `fraud` with the input `input`, FP32 [-1, 3]. */
const input = { name: "input", datatype: "FP32", shape: [1, 3] };
const sound = encodeMessage("ModelInferRequest", {
  model_name: "fraud",
  id: "sound",
  inputs: [input],
  raw_input_contents: [rawOf(Float32Array.of(3, 1, 0))],
});
const seeds: readonly Buffer[] = [
  sound,
  encodeMessage("ModelInferRequest", {
    model_name: "fraud",
    model_version: "1",
    parameters: { priority: { int64_param: 3 }, note: { string_param: "x" } },
    inputs: [{ ...input, parameters: { a: { bool_param: true } }, contents: { fp32_contents: [3, 1, 0] } }],
    outputs: [{ name: "label", parameters: { binary_data: { bool_param: true } } }],
  }),
];

export async function fuzzGrpc(options: GrpcFuzzOptions): Promise<GrpcFuzzResult> {
  const { port, seed, from = 0, cases, until = () => false } = options;
  const failures: string[] = [];
  const statuses = new Map<string, number>();
  let session = open(port);
  let played = 0;
  for (let number = from; number < from + cases && !until(); number++) {
    const random = seededRandom(seed * 1_000_003 + number);
    if (session.closed || session.destroyed) session = open(port);
    const beside = Array.from({ length: Math.floor(random() * 3) }, (_, at) =>
      soundCall(random, `${seed}x${number}x${at}`),
    );
    const problems = await Promise.all([
      playCase(session, port, random, statuses),
      ...beside.map((one) => checkSound(session, one)),
    ]);
    const problem = problems.find((one) => one !== null);
    if (problem !== undefined) failures.push(`seed ${seed}, case ${number}: ${problem}`);
    played += 1;
    if (number % soundEvery !== 0) continue;
    const fresh = open(port);
    const wrong = await checkSound(fresh, soundCall(random, `${seed}x${number}`));
    fresh.destroy();
    if (wrong !== null) failures.push(`seed ${seed}, after case ${number}: ${wrong}`);
  }
  session.destroy();
  return { played, failures, statuses };
}

async function playCase(
  session: ClientHttp2Session,
  port: number,
  random: Random,
  statuses: Map<string, number>,
): Promise<string | null> {
  if (random() < 0.1) {
    await garble(port, random);
    return null;
  }
  const { headers, body } = brokenCall(random);
  let details = "";
  const status = await call(session, headers, body, undefined, (message) => (details = message));
  statuses.set(status, (statuses.get(status) ?? 0) + 1);
  return internal.has(status) && !failsOnIt.test(details)
    ? `answered ${status} to ${body.toString("hex").slice(0, 400)}`
    : null;
}

function open(port: number): ClientHttp2Session {
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  session.on("error", () => undefined);
  return session;
}

/** The call's `grpc-status`; `http 415` where it is none; `missing`, where there is no answer. */
async function call(
  session: ClientHttp2Session,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
  take: (chunk: Buffer) => void = () => undefined,
  tell: (message: string) => void = () => undefined,
): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const stream = session.request({ ":method": "POST", "content-type": "application/grpc", te: "trailers", ...headers });
  const timer = setTimeout(() => resolve("missing"), patienceMs);
  let status = "missing";
  const read = (got: Readonly<Record<string, unknown>>): void => {
    if (typeof got[":status"] === "number" && got[":status"] !== 200) status = `http ${got[":status"]}`;
    if (typeof got["grpc-status"] === "string") status = got["grpc-status"];

    if (typeof got["grpc-message"] === "string") tell(decodeURIComponent(got["grpc-message"]));
  };
  stream.on("response", read);
  stream.on("trailers", read);
  stream.on("data", take);
  stream.on("error", () => undefined);
  stream.on("close", () => resolve(status));
  stream.end(body);
  const answered = await promise;
  clearTimeout(timer);
  return answered;
}

interface SoundCall {
  readonly id: string;
  readonly rows: readonly (readonly number[])[];
}

function soundCall(random: Random, id: string): SoundCall {
  const row = () => Array.from({ length: 3 }, () => Math.floor(random() * 600 - 300) / 100);
  return { id, rows: Array.from({ length: 1 + Math.floor(random() * 3) }, row) };
}

async function checkSound(session: ClientHttp2Session, { id, rows }: SoundCall): Promise<string | null> {
  const asked = { ...input, shape: [rows.length, 3] };
  const message = {
    model_name: "fraud",
    id,
    inputs: [asked],
    raw_input_contents: [rawOf(Float32Array.from(rows.flat()))],
  };
  const chunks: Buffer[] = [];
  const body = framed(encodeMessage("ModelInferRequest", message));
  const status = await call(session, { ":path": `${path}ModelInfer` }, body, (chunk) => chunks.push(chunk));
  // A broken call may have ended the connection.
  if (session.destroyed || session.closed) return null;
  if (status !== "0") return `a sound call was answered ${status}`;
  const reply = decodeMessage("ModelInferResponse", Buffer.concat(chunks).subarray(5));
  const raw = reply["raw_output_contents"] as readonly string[];
  const scores = Buffer.from(raw[1] ?? "", "base64");
  const got = Array.from({ length: scores.length / 4 }, (_, at) => scores.readFloatLE(4 * at));
  const expected = rows.flatMap((row) => classify(Number(reply["model_version"]), row).probabilities);
  return differs("the id", [reply["id"]], [id]) ?? differs("probabilities", got, expected);
}

/** A message, broken or not, in a frame, broken or not, with headers that fit or do not. */
function brokenCall(random: Random): { readonly headers: Record<string, string>; readonly body: Buffer } {
  const mutated = mutate(pick(random, seeds), random);
  const method = pick(random, ["ModelInfer", "ModelInfer", "ModelInfer", "ModelMetadata", "ServerLive", "Nothing"]);
  const headers: Record<string, string> = { ":path": `${path}${method}` };
  switch (Math.floor(random() * 10)) {
    case 0:
      headers["grpc-timeout"] = pick(random, ["1n", "0m", "99999999H", "1", "-1S", "123456789m", "S", "\u00e9"]);
      return { headers, body: framed(mutated) };
    case 1:
      headers["grpc-encoding"] = pick(random, ["gzip", "deflate", "br", "identity", "__proto__", ""]);
      return { headers, body: framed(random() < 0.5 ? gzipSync(mutated) : mutated, 1) };
    case 2:
      return { headers, body: framed(mutated, Math.floor(random() * 256)) };
    case 3:
      return { headers, body: framed(mutated, 0, Math.floor(random() * 2 ** 32)) };
    case 4:
      return { headers, body: framed(mutated).subarray(0, Math.floor(random() * mutated.length)) };
    case 5:
      return { headers, body: Buffer.concat([framed(mutated), framed(sound)]) };
    case 6:
      headers["content-type"] = pick(random, [
        "application/json",
        "application/grpc+json",
        "application/grpc;a=b",
        "x",
      ]);
      return { headers, body: framed(mutated) };
    default:
      return { headers, body: framed(mutated) };
  }
}

/** A few bytes changed, put in, taken out or doubled; among them those that make long lengths and other types. */
function mutate(bytes: Buffer, random: Random): Buffer {
  let result = Buffer.from(bytes);
  const times = Math.floor(random() * 6);
  for (let time = 0; time < times; time++) {
    const at = Math.floor(random() * result.length);
    const [before, after] = [result.subarray(0, at), result.subarray(at)];
    const hard = pick(random, [
      [0xff, 0xff, 0xff, 0xff, 0x0f],
      [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
      [0x80],
      [0x00],
      [0x2b, 0x2c],
      [0xc3, 0x28],
      [0x3a, 0x00],
    ]);
    switch (Math.floor(random() * 5)) {
      case 0:
        result[at] = Math.floor(random() * 256);
        break;
      case 1:
        result = Buffer.concat([before, Buffer.from(hard), after]);
        break;
      case 2:
        result = Buffer.from(before);
        break;
      case 3:
        result = Buffer.concat([before, after.subarray(Math.floor(random() * 8))]);
        break;
      default:
        result = Buffer.concat([result, after]);
    }
  }
  return result;
}

function framed(message: Buffer, flag = 0, length = message.length): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(flag, 0);
  prefix.writeUInt32BE(length, 1);
  return Buffer.concat([prefix, message]);
}

/** Bytes that are no HTTP/2, or nearly: the connection is the caller's loss. Resolves when they are sent. */
async function garble(port: number, random: Random): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
  const noise = Buffer.from(Array.from({ length: Math.floor(random() * 200) }, () => Math.floor(random() * 256)));
  const start = pick(random, [[], [preface], [preface, settings], [Buffer.from("GET / HTTP/1.1\r\n\r\n")]]);
  // A frame of a kind and a length that may be anything, on a stream that is not there.
  const frame = Buffer.from([0, 0, noise.length, Math.floor(random() * 12), Math.floor(random() * 256), 0, 0, 0, 1]);
  const socket = connect(port, "127.0.0.1", () => socket.end(Buffer.concat([...start, frame, noise])));
  const timer = setTimeout(() => socket.destroy(), 200);
  socket.on("error", () => undefined);
  socket.on("data", () => undefined);
  socket.on("close", () => {
    clearTimeout(timer);
    resolve();
  });
  return promise;
}

function pick<Value>(random: Random, values: readonly Value[]): Value {
  const value = values[Math.floor(random() * values.length)];
  if (value === undefined) throw new Error("nothing to pick from");
  return value;
}
