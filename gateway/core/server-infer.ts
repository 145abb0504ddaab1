import type { Signature, TensorSpec } from "../../schemas/model-version.ts";
import type { Tensor } from "../../schemas/tensor.ts";
import { OutputNotJson } from "./errors.ts";
import { InferenceError, InputRefused, Overloaded, Unavailable, type RawMessage } from "./ports.ts";
import { decodeRawOutput, encodeRaw } from "./raw-tensors.ts";
import { isObject } from "./words.ts";

/** What asks a model server for the outputs of the signature, with binary tensors both ways (Triton's extension). */
export function encodeServerRequest(inputs: readonly Tensor[], { outputs }: Signature): RawMessage {
  const raw = inputs.map(encodeRaw);
  const head = {
    inputs: inputs.map(({ name, datatype, shape }, at) => {
      return { name, datatype, shape, parameters: { binary_data_size: raw[at]?.length ?? 0 } };
    }),
    // Triton heeds `binary_data_output` of the whole request only where no outputs are named.
    outputs: outputs.map(({ name }) => ({ name, parameters: { binary_data: true } })),
  };
  const json = Buffer.from(JSON.stringify(head));
  return { body: Buffer.concat([json, ...raw]), contentType: "application/octet-stream", jsonBytes: json.length };
}

/** The outputs of the signature, in its order. Throws an InferenceError where the reply is not what was asked for. */
export function decodeServerReply({ body, jsonBytes }: RawMessage, { outputs }: Signature): readonly Tensor[] {
  const end = jsonBytes ?? body.length;
  if (end > body.length) throw new InferenceError(`the reply says that it has ${end} bytes of JSON, of ${body.length}`);
  const given = outputEntries(body.subarray(0, end));
  const tensors = new Map<unknown, Tensor>();
  let at = end;
  for (const entry of given) {
    const size = isObject(entry["parameters"]) ? entry["parameters"]["binary_data_size"] : undefined;
    const name = String(entry["name"]).slice(0, 64);
    if (!isSize(size)) throw new InferenceError(`output "${name}" came without binary data`);
    if (size > body.length - at) throw new InferenceError(`output "${name}" is cut off`);
    const spec = outputs.find((output) => output.name === entry["name"]);
    if (spec !== undefined) tensors.set(spec.name, tensorOf(spec, entry, body.subarray(at, at + size)));
    at += size;
  }
  if (at !== body.length) throw new InferenceError(`${body.length - at} bytes are left over behind the outputs`);
  return outputs.map(({ name }) => {
    const tensor = tensors.get(name);
    if (tensor === undefined) throw new InferenceError(`output "${name}" is missing`);
    return tensor;
  });
}

const notFinite = ["NaN", "Infinity"].map((name) => Buffer.from(name));
const bareNames = /(?<=[[,]\s*)-?(?:NaN|Infinity)(?=\s*[,\]])/g;

/** A reply that is handed on. Throws OutputNotJson where its JSON is none: Triton writes such numbers by their bare names. */
export function requireJson(reply: RawMessage): RawMessage {
  const { body, jsonBytes } = reply;
  const json = jsonBytes === null ? body : body.subarray(0, jsonBytes);
  // Only what has the names in it is read: they may be somebody's text.
  if (!notFinite.some((name) => Buffer.prototype.includes.call(json, name)) || parsed(json) !== null) return reply;
  const mended = Buffer.from(new TextDecoder().decode(json).replaceAll(bareNames, "null"));
  for (const { name, data } of outputEntries(mended)) {
    const at = Array.isArray(data) ? data.flat(Infinity).indexOf(null) : -1;
    if (at !== -1) throw new OutputNotJson(String(name).slice(0, 64), at);
  }
  return reply;
}

/** What a reply other than 200 means. The message of a refusal may be shown to callers, the others go to the log. */
export function serverFailure(status: number, body: Uint8Array): Error {
  const message = serverMessage(body);
  if (status === 400) return new InputRefused(message);
  const said = `the model server answered ${status}: ${message}`;
  if (status === 503 && /queue/i.test(message)) return new Overloaded(said);
  return status === 404 || status === 503 ? new Unavailable(said) : new InferenceError(said);
}

/** No error of a server is longer. */
const maxErrorBytes = 64 * 1024;

/** The message of an error reply on one short line, without places in the server's file system. */
export function serverMessage(body: Uint8Array): string {
  const value = body.length > maxErrorBytes ? null : parsed(body);
  const message = isObject(value) ? value["error"] : null;
  if (typeof message !== "string") return "without a message";
  const [line = ""] = message.replace(/^\[request id: [^\]]*\] /, "").split(/[\r\n]/, 1);
  // oxlint-disable-next-line eslint/no-control-regex -- what moves a terminal's cursor is no part of a message
  const plain = line.replace(/(\/[\w.@+-]+){2,}/g, "…").replace(/[\u0000-\u001f\u007f-\u009f]/g, " ");
  return plain.replace(/[.\s]+$/, "").slice(0, 300);
}

type Entry = Readonly<Record<string, unknown>>;

function outputEntries(json: Uint8Array): readonly Entry[] {
  const head = parsed(json);
  const entries: unknown = isObject(head) ? head["outputs"] : undefined;
  if (!Array.isArray(entries) || !entries.every(isObject)) throw new InferenceError("the reply names no outputs");
  return entries;
}

function tensorOf(spec: TensorSpec, { datatype, shape }: Entry, bytes: Uint8Array): Tensor {
  const { name } = spec;
  if (datatype !== spec.datatype) {
    throw new InferenceError(`output "${name}" is ${String(datatype).slice(0, 16)}, not ${spec.datatype}`);
  }
  const fits =
    Array.isArray(shape) &&
    shape.length === spec.shape.length &&
    shape.every((size, at) => isSize(size) && (spec.shape[at] === -1 || spec.shape[at] === size));
  if (!fits) {
    const said = JSON.stringify(shape ?? null).slice(0, 100);
    throw new InferenceError(`output "${name}" has the shape ${said}, not ${JSON.stringify(spec.shape)}`);
  }
  return decodeRawOutput({ name, datatype: spec.datatype, shape: shape as readonly number[] }, bytes);
}

function isSize(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function parsed(json: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(json)) as unknown;
  } catch {
    return null;
  }
}
