import type { Datatype, Signature } from "../../schemas/model-version.ts";
import type { Tensor, TensorData } from "../../schemas/tensor.ts";
import { refuse } from "./errors.ts";
import type { TypedContents } from "./grpc/contents.ts";
import type { InferInput, ModelInferRequest, ModelInferResponse } from "./grpc/messages.ts";
import { namedEntries, readHead, refuseUndone, requireInputs } from "./oip-tensors.ts";
import { decodeRawInput, encodeRaw, type TensorHead } from "./raw-tensors.ts";

type Field = TypedContents["field"];

/** Where a message has the elements of a datatype; null: only in its raw contents. */
const fieldOf: Readonly<Record<Datatype, Field | null>> = {
  BOOL: "bool_contents",
  UINT8: "uint_contents",
  UINT16: "uint_contents",
  UINT32: "uint_contents",
  UINT64: "uint64_contents",
  INT8: "int_contents",
  INT16: "int_contents",
  INT32: "int_contents",
  INT64: "int64_contents",
  FP16: null,
  BF16: null,
  FP32: "fp32_contents",
  FP64: "fp64_contents",
  BYTES: "bytes_contents",
};

/** What is asked of one version. */
export interface GrpcInfer {
  /** One of each input of the signature, in its order. */
  readonly tensors: readonly Tensor[];
  /** Names, in the caller's order; null: all. */
  readonly outputs: readonly string[] | null;
}

/**
 * The request as inputs of a version with this signature. Throws a RequestError that names the input and what was expected of
 * it. Elements come either raw, for all inputs, or typed. `takesBytes` as `decodeRawInput` has it.
 */
export function decodeGrpcInfer(request: ModelInferRequest, signature: Signature, takesBytes = false): GrpcInfer {
  const { inputs, raw } = request;
  if (inputs.length === 0) refuse("inputs-missing", "the request must have at least one input");
  requireOneForm(inputs, raw);
  const given = namedEntries(inputs, signature.inputs, "input");
  requireInputs(signature.inputs, given);
  for (const { name, parameters } of inputs) refuseUndone(parameters, `input "${name}": `);
  const places = new Map(inputs.map(({ name }, at) => [name, at]));
  const tensors = signature.inputs.map((spec) => {
    const at = places.get(spec.name) ?? -1;
    const head = readHead(spec, inputs[at] ?? {});
    const bytes = raw[at];
    if (bytes !== undefined) return decodeRawInput(head, bytes, takesBytes);
    return { ...head, data: typedData(head, inputs[at]?.contents ?? []) };
  });
  return { tensors, outputs: requestedOutputs(request, signature) };
}

/** The reply, with every output's elements raw: the clients that there are read nothing else. */
export function toInferResponse(
  { model, version }: { readonly model: string; readonly version: number },
  id: string,
  wanted: readonly string[] | null,
  outputs: readonly Tensor[],
): ModelInferResponse {
  const found = wanted?.flatMap((name) => outputs.filter((output) => output.name === name)) ?? outputs;
  return {
    modelName: model,
    modelVersion: String(version),
    id,
    outputs: found.map((tensor) => ({ ...tensor, raw: encodeRaw(tensor) })),
  };
}

function requestedOutputs({ outputs }: ModelInferRequest, signature: Signature): readonly string[] | null {
  const names = [...namedEntries(outputs, signature.outputs, "output").keys()];
  for (const { name, parameters } of outputs) refuseUndone(parameters, `output "${name}": `);
  return names.length === 0 ? null : names;
}

function requireOneForm(inputs: readonly InferInput[], raw: readonly Uint8Array[]): void {
  if (raw.length === 0) return;
  const typed = inputs.find(({ contents }) => contents.length > 0);
  if (typed !== undefined) {
    refuse(
      "contents-mixed",
      `input "${typed.name.slice(0, 64)}" has contents, and the request raw_input_contents; send one of them`,
    );
  }
  if (raw.length !== inputs.length) {
    refuse("raw-count", `raw_input_contents must have one entry for each input, ${inputs.length}, not ${raw.length}`);
  }
}

function typedData({ name, datatype, shape }: TensorHead, contents: readonly TypedContents[]): TensorData {
  const place = `input "${name}"`;
  const field = fieldOf[datatype];
  if (field === null)
    return refuse("datatype-raw-only", `${place} is ${datatype}, which only raw_input_contents carries`);
  const [given, second] = contents;
  if (given === undefined || given.field !== field || second !== undefined) {
    const got =
      contents
        .map((one) => one.field)
        .slice(0, 8)
        .join(" and ") || "nothing";
    return refuse("contents-field", `${place}: expected its elements in ${field}, got ${got}`);
  }
  const count = shape.reduce((size, dimension) => size * dimension, 1);
  if (given.data.length !== count) {
    refuse(
      "data-count",
      `${place}: the shape [${shape.join(", ")}] has ${count} elements, ${field} has ${given.data.length}`,
    );
  }
  return elementsOf(given, datatype, place);
}

/** In the width that the datatype has: a message has only numbers of 32 and 64 bits. */
function elementsOf(given: TypedContents, datatype: Datatype, place: string): TensorData {
  switch (given.field) {
    case "bool_contents":
      return Uint8Array.from(given.data);
    case "int_contents":
      if (datatype === "INT8") return narrowed(given.data, Int8Array.from(given.data), datatype, place);
      return datatype === "INT16" ? narrowed(given.data, Int16Array.from(given.data), datatype, place) : given.data;
    case "uint_contents":
      if (datatype === "UINT8") return narrowed(given.data, Uint8Array.from(given.data), datatype, place);
      return datatype === "UINT16" ? narrowed(given.data, Uint16Array.from(given.data), datatype, place) : given.data;
    case "bytes_contents":
      return given.data.map((text, at) => text ?? refuse("value-invalid", `${place}: element ${at}: is no UTF-8 text`));
    case "int64_contents":
    case "uint64_contents":
    case "fp32_contents":
    case "fp64_contents":
      return given.data;
  }
}

function narrowed<Narrow extends Int8Array | Int16Array | Uint8Array | Uint16Array>(
  wide: Int32Array | Uint32Array,
  narrow: Narrow,
  datatype: Datatype,
  place: string,
): Narrow {
  const at = wide.findIndex((value, index) => value !== narrow[index]);
  if (at !== -1) refuse("value-invalid", `${place}: element ${at}: ${wide[at]} is out of the range of ${datatype}`);
  return narrow;
}
