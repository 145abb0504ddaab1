import type { Signature, TensorSpec } from "../../schemas/model-version.ts";
import type { Tensor } from "../../schemas/tensor.ts";
import { InferenceError, InputRefused, Overloaded, Unavailable, type RawMessage } from "./ports.ts";
import { decodeRawOutput, encodeRaw } from "./raw-tensors.ts";
import { ReplyMalformed, UpstreamBroken, UpstreamUnreachable } from "./upstream.ts";
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

/**
 * What a reply other than 200 means. The message of a refusal may be shown to callers, the others go to the log. Only a 5xx, or a
 * success that is no answer, is the version's fault. What else the server does not take (401, 403, a redirection...) it did not
 * run, and it is for an operator to mend: so are 408 and 499, which a proxy says of what it has not passed on.
 */
export function serverFailure(status: number, body: Uint8Array): Error {
  const message = serverMessage(body);
  if (isRefusal(status)) return new InputRefused(message, status);
  const said = `the model server answered ${status}: ${message}`;
  if (status === 429 || (status === 503 && /queue/i.test(message))) return new Overloaded(said);
  const isFault = status < 300 || (status >= 500 && status !== 503);
  return isFault ? new InferenceError(said) : new Unavailable(said);
}

function isRefusal(status: number): status is InputRefused["status"] {
  return status === 400 || status === 413 || status === 415 || status === 422;
}

/** What it means that no reply came; any other error as it is. */
export function transportFailure(error: unknown): unknown {
  if (error instanceof UpstreamUnreachable) return new Unavailable(error.message, { cause: error });
  const isNoReply = error instanceof UpstreamBroken || error instanceof ReplyMalformed;
  return isNoReply ? new InferenceError(error.message, { cause: error }) : error;
}

/** Another server may be asked: this one has not run the request. */
export function isNotRun(error: unknown): boolean {
  return error instanceof Unavailable || error instanceof Overloaded;
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
