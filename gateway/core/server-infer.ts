import type { Signature, TensorSpec } from "../../schemas/model-version.ts";
import type { Tensor } from "../../schemas/tensor.ts";
import { DeadlineExceeded, InferenceError, InputRefused, Overloaded, Unavailable, type RawMessage } from "./ports.ts";
import { decodeRawOutput, encodeRaw, type TensorHead } from "./raw-tensors.ts";
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
export function decodeServerReply(reply: RawMessage, { outputs }: Signature): readonly Tensor[] {
  const tensors = new Map<unknown, Tensor>();
  visitOutputs(reply, parsed, (entry, bytes) => {
    if (bytes === null) throw new InferenceError(`output "${outputName(entry)}" came without binary data`);
    const spec = outputs.find(({ name }) => name === entry["name"]);
    if (spec !== undefined) tensors.set(spec.name, decodeRawOutput(outputHead(spec, entry), bytes));
  });
  return outputs.map(({ name }) => tensors.get(name) ?? missing(name));
}

/** An output of a reply, as its JSON has it. */
export type OutputEntry = Readonly<Record<string, unknown>>;

/**
 * Visits the outputs in the order of the reply, each with its binary data; null: it has none. `parse`: the JSON as a value. Throws
 * an InferenceError where they do not fit together.
 */
export function visitOutputs(
  { body, jsonBytes }: RawMessage,
  parse: (json: Uint8Array) => unknown,
  visit: (entry: OutputEntry, bytes: Uint8Array | null) => void,
): void {
  let at = jsonBytes ?? body.length;
  if (at > body.length) throw new InferenceError(`the reply says that it has ${at} bytes of JSON, of ${body.length}`);
  for (const entry of outputEntries(parse(body.subarray(0, at)))) {
    const size = isObject(entry["parameters"]) ? entry["parameters"]["binary_data_size"] : undefined;
    if (!isSize(size)) {
      visit(entry, null);
      continue;
    }
    if (size > body.length - at) throw new InferenceError(`output "${outputName(entry)}" is cut off`);
    visit(entry, body.subarray(at, at + size));
    at += size;
  }
  if (at !== body.length) throw new InferenceError(`${body.length - at} bytes are left over behind the outputs`);
}

/** For messages. */
export function outputName({ name }: OutputEntry): string {
  return String(name).slice(0, 64);
}

export function missing(name: string): never {
  throw new InferenceError(`output "${name}" is missing`);
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
  // A proxy's word for it, and Triton's for a request that has waited for longer than it says itself that it may.
  if (status === 504 || (status === 503 && /timeout expired/i.test(message))) return new DeadlineExceeded(said);
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

export function outputEntries(head: unknown): readonly OutputEntry[] {
  const entries: unknown = isObject(head) ? head["outputs"] : undefined;
  if (!Array.isArray(entries) || !entries.every(isObject)) throw new InferenceError("the reply names no outputs");
  return entries;
}

/** What an output says of itself, as the signature has it. Throws an InferenceError where it differs. */
export function outputHead(spec: TensorSpec, { datatype, shape }: OutputEntry): TensorHead {
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
  return { name, datatype: spec.datatype, shape: shape as readonly number[] };
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
