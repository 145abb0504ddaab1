import type { Signature, TensorSpec } from "../../schemas/model-version.ts";
import { refuse, RequestError } from "./errors.ts";
import { jsonElements } from "./reply.ts";
import type { Tensor } from "../../schemas/tensor.ts";
import { codecOf, mismatch, type Codec } from "./values.ts";
import { describe, didYouMean, isObject, listNames } from "./words.ts";

/** An inference request of the Open Inference Protocol v2, against one model. */
export interface InferRequest {
  readonly id: string | null;
  /** One of each input of the signature, in its order. */
  readonly tensors: readonly Tensor[];
  /** Output names that were asked for; null: all. */
  readonly requestedOutputs: readonly string[] | null;
}

/**
 * Reads the JSON form of an inference request (Open Inference Protocol v2, "Inference Request JSON Object"). Data may be
 * flat or nested as the shape says. Throws a RequestError that names the input and what was expected of it.
 */
export function decodeInferRequest(body: unknown, signature: Signature): InferRequest {
  if (!isObject(body)) return refuse("body-not-object", `the body must be a JSON object, not ${describe(body)}`);
  const { id, inputs } = body;
  if (id !== undefined && typeof id !== "string") refuse("id-not-string", `"id" must be a string, not ${describe(id)}`);
  if (!Array.isArray(inputs) || inputs.length === 0) {
    return refuse("inputs-missing", `"inputs" must be a list of at least one tensor, not ${describe(inputs)}`);
  }
  const given = namedEntries(inputs, signature.inputs, "input");
  const missing = signature.inputs.filter(({ name }) => !given.has(name)).map(({ name }) => name);
  if (missing.length > 0) {
    refuse("input-missing", `${missing.length === 1 ? "input" : "inputs"} ${listNames(missing)} missing`);
  }
  const tensors = signature.inputs.map((spec) => decodeTensor(spec, given.get(spec.name) ?? {}));
  return { id: typeof id === "string" ? id : null, tensors, requestedOutputs: readOutputs(body["outputs"], signature) };
}

/** A tensor in JSON, elements in one flat list. */
interface JsonTensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly data: readonly unknown[];
}

export interface InferResponse {
  readonly model_name: string;
  readonly model_version: string;
  readonly id?: string;
  readonly outputs: readonly JsonTensor[];
}

/** The reply. Throws an InferenceError for outputs that JSON cannot carry. */
export function encodeInferResponse(
  model: { readonly model: string; readonly version: number },
  request: Pick<InferRequest, "id" | "requestedOutputs">,
  outputs: readonly Tensor[],
): InferResponse {
  const { id, requestedOutputs } = request;
  const wanted = requestedOutputs === null ? outputs : outputs.filter(({ name }) => requestedOutputs.includes(name));
  return {
    model_name: model.model,
    model_version: String(model.version),
    ...(id === null ? {} : { id }),
    outputs: wanted.map((tensor) => ({
      name: tensor.name,
      datatype: tensor.datatype,
      shape: tensor.shape,
      data: jsonElements(tensor),
    })),
  };
}

export interface ModelMetadata {
  readonly name: string;
  readonly versions: readonly string[];
  readonly platform: string;
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}

/** Reply of `GET /v2/models/{m}[/versions/{v}]`; `versions` are those that answer now. */
export function modelMetadata(name: string, versions: readonly number[], signature: Signature): ModelMetadata {
  return {
    name,
    versions: versions.toSorted((a, b) => a - b).map(String),
    platform: "onnxruntime_onnx",
    inputs: signature.inputs,
    outputs: signature.outputs,
  };
}

type Entry = Readonly<Record<string, unknown>>;

/** Entries of `inputs` or `outputs` by name: objects, known, each once. */
function namedEntries(list: readonly unknown[], specs: readonly TensorSpec[], kind: string): Map<string, Entry> {
  const names = specs.map(({ name }) => name);
  const entries = new Map<string, Entry>();
  list.forEach((entry: unknown, at) => {
    if (!isObject(entry) || typeof entry["name"] !== "string") {
      refuse(`${kind}-not-named`, `${kind}s[${at}] must be an object with a "name"`);
    }
    const { name } = entry;
    if (!names.includes(name)) {
      const hint = didYouMean(name, names) || `; this model has ${listNames(names)}`;
      refuse(`${kind}-unknown`, `${kind} ${listNames([name])} is unknown${hint}`);
    }
    if (entries.has(name)) refuse(`${kind}-twice`, `${kind} "${name}" is given twice`);
    if (isObject(entry["parameters"]) && entry["parameters"]["binary_data_size"] !== undefined) {
      refuse("binary-not-supported", `${kind} "${name}": binary data is not supported; send "data" as JSON`);
    }
    entries.set(name, entry);
  });
  return entries;
}

function readOutputs(outputs: unknown, signature: Signature): readonly string[] | null {
  if (outputs === undefined) return null;
  if (!Array.isArray(outputs)) return refuse("outputs-not-list", `"outputs" must be a list, not ${describe(outputs)}`);
  const names = [...namedEntries(outputs, signature.outputs, "output").keys()];
  return names.length === 0 ? null : names;
}

function decodeTensor(spec: TensorSpec, entry: Entry): Tensor {
  const { name, datatype } = spec;
  const place = `input "${name}"`;
  if (entry["datatype"] !== datatype) {
    refuse("input-datatype", `${place}: expected the datatype ${datatype}, got ${describe(entry["datatype"])}`);
  }
  const codec = codecOf(datatype);
  if (codec === null) return refuse("datatype-not-json", `${place} is ${datatype}, which JSON cannot carry`);
  const shape = readShape(spec, entry["shape"]);
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
  return { name, datatype, shape, data: fill(codec, flat, place) };
}

function fill(codec: Codec, values: readonly unknown[], place: string): Tensor["data"] {
  const data = codec.allocate(values.length);
  for (let at = 0; at < values.length; at++) {
    if (!codec.put(data, at, values[at]))
      refuse("value-invalid", `${place}: element ${at}: ${mismatch(codec, values[at])}`);
  }
  return data;
}

function readShape(spec: TensorSpec, given: unknown): readonly number[] {
  const expected = `the shape [${spec.shape.join(", ")}]`;
  const place = `input "${spec.name}"`;
  if (!Array.isArray(given)) return refuse("input-shape", `${place}: expected ${expected}, got ${describe(given)}`);
  const shape = given as readonly unknown[];
  const fits =
    shape.length === spec.shape.length &&
    shape.every(
      (size, at) => Number.isSafeInteger(size) && (size as number) >= 0 && [-1, size].includes(spec.shape[at]),
    );
  if (!fits) refuse("input-shape", `${place}: expected ${expected}, got ${JSON.stringify(shape).slice(0, 100)}`);
  if (shape.includes(0))
    throw new RequestError(400, "batch-empty", `${place}: the shape has no elements; give at least one row`);
  return shape as readonly number[];
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
