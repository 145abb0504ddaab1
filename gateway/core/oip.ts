import type { Signature, TensorSpec } from "../../schemas/model-version.ts";
import type { Tensor } from "../../schemas/tensor.ts";
import { refuse } from "./errors.ts";
import {
  namedEntries,
  readFlag,
  readHead,
  readParameters,
  refuseUndone,
  requireInputs,
  type Entry,
} from "./oip-tensors.ts";
import { decodeRawInput, encodeRaw, type TensorHead } from "./raw-tensors.ts";
import { jsonElements } from "./reply.ts";
import { codecOf, mismatch, type Codec } from "./values.ts";
import { describe, isObject } from "./words.ts";

/** An output that the caller asked for. */
export interface RequestedOutput {
  readonly name: string;
  /** As binary data after the JSON; else as JSON. */
  readonly binary: boolean;
}

/** What a reply depends on besides the outputs. */
export interface ReplyWishes {
  readonly id: string | null;
  /** In the caller's order; null: all. */
  readonly outputs: readonly RequestedOutput[] | null;
  /** Whether outputs that nothing is said about are binary data. */
  readonly binary: boolean;
}

/** An inference request of the Open Inference Protocol v2, against one model. */
export interface InferRequest extends ReplyWishes {
  /** One of each input of the signature, in its order. */
  readonly tensors: readonly Tensor[];
}

/**
 * Reads an inference request (Open Inference Protocol v2, "Inference Request JSON Object"). Data may be flat or nested as the
 * shape says, or raw bytes in `binary`, which are what came after the JSON (Triton's binary tensor data extension; null:
 * nobody said where the JSON ends; `takesBytes` as `decodeRawInput` has it). What may be left out may be null as well: clients
 * write out what they were not given. Throws a RequestError that names the input and what was expected of it.
 */
export function decodeInferRequest(
  body: unknown,
  signature: Signature,
  binary: Uint8Array | null = null,
  takesBytes = false,
): InferRequest {
  if (!isObject(body)) return refuse("body-not-object", `the body must be a JSON object, not ${describe(body)}`);
  const { id, inputs } = body;
  if (typeof (id ?? "") !== "string") refuse("id-not-string", `"id" must be a string, not ${describe(id)}`);
  if (!Array.isArray(inputs) || inputs.length === 0) {
    return refuse("inputs-missing", `"inputs" must be a list of at least one tensor, not ${describe(inputs)}`);
  }
  const parameters = readParameters(body, "");
  const given = namedEntries(inputs, signature.inputs, "input");
  requireInputs(signature.inputs, given);
  const raw = sliceBinary(given, binary);
  const tensors = signature.inputs.map((spec) =>
    decodeTensor(spec, given.get(spec.name) ?? {}, raw.get(spec.name), takesBytes),
  );
  const allBinary = readFlag(parameters, "binary_data_output", "") ?? false;
  return {
    id: typeof id === "string" ? id : null,
    tensors,
    outputs: readOutputs(body["outputs"], signature, allBinary),
    binary: allBinary,
  };
}

/** An output in the reply: elements in one flat list, or how many bytes of the binary data are its own. */
type OutputJson = TensorHead &
  ({ readonly data: readonly unknown[] } | { readonly parameters: { readonly binary_data_size: number } });

export interface InferResponse {
  readonly model_name: string;
  readonly model_version: string;
  readonly id?: string;
  readonly outputs: readonly OutputJson[];
}

/** The reply: JSON, and what comes after it. */
export interface InferReply {
  readonly json: InferResponse;
  /** Of each binary output, in their order. */
  readonly binary: readonly Uint8Array[];
}

/** The reply. Throws OutputNotJson for what was not asked for as binary data and JSON cannot carry. */
export function encodeInferResponse(
  model: { readonly model: string; readonly version: number },
  { id, outputs: wanted, binary: allBinary }: ReplyWishes,
  outputs: readonly Tensor[],
): InferReply {
  const binary: Uint8Array[] = [];
  const encode = (tensor: Tensor, isBinary: boolean): OutputJson => {
    const { name, datatype, shape } = tensor;
    if (!isBinary) return { name, datatype, shape, data: jsonElements(tensor) };
    const bytes = encodeRaw(tensor);
    binary.push(bytes);
    return { name, datatype, shape, parameters: { binary_data_size: bytes.length } };
  };
  const encoded =
    wanted === null
      ? outputs.map((tensor) => encode(tensor, allBinary))
      : wanted.flatMap((output) => {
          const tensor = outputs.find(({ name }) => name === output.name);
          return tensor === undefined ? [] : [encode(tensor, output.binary)];
        });
  const { model: model_name, version } = model;
  const json = { model_name, model_version: String(version), ...(id === null ? {} : { id }), outputs: encoded };
  return { json, binary };
}

/** The bytes of each input that has some: they lie one after another, in the order of the inputs. */
function sliceBinary(given: ReadonlyMap<string, Entry>, binary: Uint8Array | null): ReadonlyMap<string, Uint8Array> {
  const raw = new Map<string, Uint8Array>();
  let at = 0;
  for (const [name, entry] of given) {
    if (entry["parameters"] === undefined) continue;
    const place = `input "${name}": `;
    const parameters = readParameters(entry, place);
    refuseUndone(parameters, place);
    const size = parameters["binary_data_size"];
    if (size === undefined) continue;
    if (entry["data"] !== undefined) refuse("data-twice", `${place}give "data" or "binary_data_size", not both`);
    if (binary === null) {
      const header = "the header Inference-Header-Content-Length, which says where the JSON ends, is missing";
      return refuse("binary-header-missing", `${place}it has "binary_data_size", but ${header}`);
    }
    if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0) {
      return refuse("binary-data-size", `${place}"binary_data_size" must be a number of bytes, not ${describe(size)}`);
    }
    const end = at + size;
    if (end > binary.length) {
      refuse("binary-data-size", `${place}it has ${size} bytes of binary data, but ${binary.length - at} are left`);
    }
    raw.set(name, binary.subarray(at, end));
    at = end;
  }
  if (binary !== null && at !== binary.length) {
    refuse("binary-data-size", `${binary.length - at} bytes of binary data belong to no input`);
  }
  return raw;
}

function readOutputs(outputs: unknown, signature: Signature, binary: boolean): readonly RequestedOutput[] | null {
  if (outputs === undefined || outputs === null) return null;
  if (!Array.isArray(outputs)) return refuse("outputs-not-list", `"outputs" must be a list, not ${describe(outputs)}`);
  const requested = [...namedEntries(outputs, signature.outputs, "output")].map(([name, entry]) => {
    const place = `output "${name}": `;
    const parameters = readParameters(entry, place);
    refuseUndone(parameters, place);
    return { name, binary: readFlag(parameters, "binary_data", place) ?? binary };
  });
  return requested.length === 0 ? null : requested;
}

function decodeTensor(spec: TensorSpec, entry: Entry, raw: Uint8Array | undefined, takesBytes: boolean): Tensor {
  const head = readHead(spec, entry);
  if (raw !== undefined) return decodeRawInput(head, raw, takesBytes);
  const { name, datatype, shape } = head;
  const place = `input "${name}"`;
  const { data } = entry;
  if (!Array.isArray(data)) {
    return refuse("data-missing", `${place}: "data" must be a list of values, not ${describe(data)}`);
  }
  const count = shape.reduce((size, dimension) => size * dimension, 1);
  const nested = shape.length > 0 && Array.isArray(data[0]);
  // Before anything is allocated: a shape costs nothing to write, its elements do.
  if (!nested && data.length !== count) {
    refuse("data-count", `${place}: the shape [${shape.join(", ")}] has ${count} elements, "data" has ${data.length}`);
  }
  if (nested) checkNesting(data, shape, place);
  const flat: readonly unknown[] = nested ? data.flat(shape.length - 1) : data;
  return { name, datatype, shape, data: fill(codecOf(datatype), flat, place) };
}

function fill(codec: Codec, values: readonly unknown[], place: string): Tensor["data"] {
  const data = codec.allocate(values.length);
  for (let at = 0; at < values.length; at++) {
    if (!codec.put(data, at, values[at]))
      refuse("value-invalid", `${place}: element ${at}: ${mismatch(codec, values[at])}`);
  }
  return data;
}

/** Nested data has the very lists that the shape asks for. */
function checkNesting(value: unknown, shape: readonly number[], place: string): void {
  const [length, ...inner] = shape;
  if (length === undefined) return;
  if (!Array.isArray(value) || value.length !== length) {
    return refuse(
      "data-shape",
      `${place}: nested data differs from the shape: expected a list of ${length}, got ${describe(value)}`,
    );
  }
  for (const item of value) checkNesting(item, inner, place);
}
