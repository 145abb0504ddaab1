import { env, InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import type { Datatype, ModelVersion, TensorSpec } from "../../../schemas/model-version.ts";
import { InferenceError } from "../../core/ports.ts";
import type { Tensor, TensorData } from "../../core/tensor.ts";
import type { SessionOptions } from "./messages.ts";

/** An open model of one signature. Calls block the thread that they are made in. */
export interface Session {
  /** Rejects with an InferenceError. */
  run(inputs: readonly Tensor[]): Promise<readonly Tensor[]>;
  release(): Promise<void>;
}

/** What onnxruntime calls the datatypes; null where it has none in JavaScript. */
const ortTypes: Readonly<Record<Datatype, OrtTensor.Type | null>> = {
  BOOL: "bool",
  UINT8: "uint8",
  UINT16: "uint16",
  UINT32: "uint32",
  UINT64: "uint64",
  INT8: "int8",
  INT16: "int16",
  INT32: "int32",
  INT64: "int64",
  FP16: "float16",
  BF16: null,
  FP32: "float32",
  FP64: "float64",
  BYTES: "string",
};

// onnxruntime writes to stderr by itself; every failure reaches us as an exception too.
const silent = { logSeverityLevel: 4 } as const;
env.logLevel = "fatal";

/** Opens a model and holds it to its registered signature. Throws an Error whose message says what is wrong. */
export async function openSession(
  spec: ModelVersion["spec"],
  bytes: Uint8Array,
  options: SessionOptions,
): Promise<Session> {
  const session = await InferenceSession.create(bytes, {
    ...silent,
    intraOpNumThreads: options.intraOpThreads,
    interOpNumThreads: 1,
  });
  const { inputs, outputs } = spec.signature;
  try {
    agree("input", inputs, session.inputMetadata);
    agree("output", outputs, session.outputMetadata);
    const unfed = session.inputNames.find((name) => !inputs.some((input) => input.name === name));
    if (unfed !== undefined) throw new Error(`the file has an input "${unfed}" that the signature does not name`);
  } catch (error) {
    await session.release();
    throw error;
  }
  const names = outputs.map(({ name }) => name);
  return {
    async run(tensors) {
      const feeds: Record<string, OrtTensor> = {};
      for (const tensor of tensors) feeds[tensor.name] = toOrt(tensor);
      let results: InferenceSession.ReturnType;
      try {
        results = await session.run(feeds, names, silent);
      } catch (error) {
        throw new InferenceError(error instanceof Error ? error.message : String(error));
      }
      return outputs.map((output) => fromOrt(output, results[output.name]));
    },
    release: () => session.release(),
  };
}

function agree(kind: string, specs: readonly TensorSpec[], metadata: readonly InferenceSession.ValueMetadata[]): void {
  for (const { name, datatype, shape } of specs) {
    const found = metadata.find((value) => value.name === name);
    if (found === undefined) throw new Error(`the file has no ${kind} "${name}"`);
    if (!found.isTensor) throw new Error(`${kind} "${name}" of the file is no tensor`);
    if (found.type !== ortTypes[datatype]) {
      throw new Error(`${kind} "${name}" is ${found.type} in the file, ${datatype} in the signature`);
    }
    const fits =
      // A file may leave an output's shape open altogether.
      found.shape.length === 0 ||
      (found.shape.length === shape.length &&
        shape.every((size, at) => size === -1 || typeof found.shape[at] === "string" || found.shape[at] === size));
    if (!fits) {
      throw new Error(
        `${kind} "${name}" has the shape [${found.shape.join(", ")}] in the file, [${shape.join(", ")}] in the signature`,
      );
    }
  }
}

function toOrt({ datatype, data, shape }: Tensor): OrtTensor {
  const type = ortTypes[datatype];
  if (type === null) throw new InferenceError(`onnxruntime takes no ${datatype}`);
  const values = datatype === "FP16" ? asHalf(data as Uint16Array) : data;
  return new OrtTensor(type, values as OrtTensor["data"], shape);
}

function asHalf(bits: Uint16Array): Float16Array {
  return new Float16Array(bits.buffer as ArrayBuffer, bits.byteOffset, bits.length);
}

/** A missing output, another type or another shape than registered is a malformed answer. */
function fromOrt({ name, datatype, shape }: TensorSpec, value: OrtTensor | undefined): Tensor {
  if (value === undefined) throw new InferenceError(`the model gave no output "${name}"`);
  if (value.type !== ortTypes[datatype]) {
    throw new InferenceError(`output "${name}" is ${value.type}, not ${datatype} as registered`);
  }
  const dims = value.dims;
  if (dims.length !== shape.length || !shape.every((size, at) => size === -1 || size === dims[at])) {
    throw new InferenceError(
      `output "${name}" has the shape [${dims.join(", ")}], not [${shape.join(", ")}] as registered`,
    );
  }
  const data = value.data as TensorData | Float16Array;
  const bits = data instanceof Float16Array ? new Uint16Array(data.buffer, data.byteOffset, data.length) : data;
  return { name, datatype, shape: dims, data: bits };
}
