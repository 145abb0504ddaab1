import { env, InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import type { ModelVersion, Signature, TensorSpec } from "../../../schemas/model-version.ts";
import { InferenceError, type SessionOptions } from "../../core/ports.ts";
import { elements, type Tensor, type TensorData } from "../../../schemas/tensor.ts";
import type { LateRun } from "./batch.ts";

/** An open model of one signature. Calls block the thread that they are made in. */
export interface Session {
  /** Dimensions of the signature's inputs as the file says them: free ones by name. */
  readonly dimensions: readonly (readonly (string | number)[])[];
  /** Rejects with an InferenceError. */
  readonly run: LateRun;
  release(): Promise<void>;
}

// onnxruntime writes to stderr by itself; every failure reaches us as an exception too.
const silent = { logSeverityLevel: 4 } as const;
env.logLevel = "fatal";

/**
 * Opens a model, from its bytes or its file, and holds it to its registered signature. Throws an Error whose message says what
 * is wrong.
 */
export async function openSession(
  spec: ModelVersion["spec"],
  file: Uint8Array | string,
  options: SessionOptions,
): Promise<Session> {
  const ortOptions = ortOptionsOf(options);
  const session = await (typeof file === "string"
    ? InferenceSession.create(file, ortOptions)
    : InferenceSession.create(file, ortOptions));
  const { outputs } = spec.signature;
  try {
    agree(spec.signature, session);
  } catch (error) {
    await session.release();
    throw error;
  }
  const names = outputs.map(({ name }) => name);
  return {
    dimensions: spec.signature.inputs.map(({ name }) => dimensionsOf(name, session.inputMetadata)),
    async run(tensors, gather) {
      const feeds = feedsOf(tensors);
      let results: InferenceSession.ReturnType;
      // onnxruntime puts the call into the queue of immediates, with these very feeds: what is put there right before runs
      // right before. Did it ever not, the answer would be to `tensors`, and have as many rows as those.
      if (gather !== undefined) setImmediate(exchange, feeds, gather);
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

/** Threads are pinned: onnxruntime would take as many as there are cores, for each model. */
function ortOptionsOf(options: SessionOptions): InferenceSession.SessionOptions {
  const { intraOpThreads, interOpThreads = 1, executionMode, graphOptimization, memoryArena } = options;
  return {
    ...silent,
    intraOpNumThreads: intraOpThreads,
    interOpNumThreads: interOpThreads,
    ...(executionMode !== undefined && { executionMode }),
    ...(graphOptimization !== undefined && { graphOptimizationLevel: graphOptimization }),
    ...(memoryArena !== undefined && { enableCpuMemArena: memoryArena }),
  };
}

function feedsOf(tensors: readonly Tensor[]): Record<string, OrtTensor> {
  const feeds: Record<string, OrtTensor> = {};
  for (const tensor of tensors) feeds[tensor.name] = toOrt(tensor);
  return feeds;
}

/** Never throws: nobody could catch it. What cannot be gathered stays as it is. */
function exchange(feeds: Record<string, OrtTensor>, gather: () => readonly Tensor[]): void {
  try {
    Object.assign(feeds, feedsOf(gather()));
  } catch {
    // A batch too large for the memory, say: the answer has too few rows then, and it is tried in halves.
  }
}

type Metadata = readonly InferenceSession.ValueMetadata[];

function agree({ inputs, outputs }: Signature, session: InferenceSession): void {
  for (const { name, shape, datatype } of inputs) {
    const found = tensorOf("input", { name, datatype }, session.inputMetadata);
    const fits =
      // A file may leave a shape open altogether.
      found.shape.length === 0 ||
      (found.shape.length === shape.length &&
        shape.every((size, at) => size === -1 || typeof found.shape[at] === "string" || found.shape[at] === size));
    if (!fits) {
      throw new Error(
        `input "${name}" has the shape [${found.shape.join(", ")}] in the file, [${shape.join(", ")}] in the signature`,
      );
    }
  }
  // What shapes a file tells of its outputs may be wrong; every answer is held to what was registered.
  for (const output of outputs) tensorOf("output", output, session.outputMetadata);
  const unfed = session.inputNames.find((name) => !inputs.some((input) => input.name === name));
  if (unfed !== undefined) throw new Error(`the file has an input "${unfed}" that the signature does not name`);
}

function dimensionsOf(name: string, metadata: Metadata): readonly (string | number)[] {
  const found = metadata.find((value) => value.name === name);
  return found?.isTensor === true ? found.shape : [];
}

function tensorOf(kind: string, { name, datatype }: Pick<TensorSpec, "name" | "datatype">, metadata: Metadata) {
  const found = metadata.find((value) => value.name === name);
  if (found === undefined) throw new Error(`the file has no ${kind} "${name}"`);
  if (!found.isTensor) throw new Error(`${kind} "${name}" of the file is no tensor`);
  if (found.type !== elements[datatype].ort) {
    throw new Error(`${kind} "${name}" is ${found.type} in the file, ${datatype} in the signature`);
  }
  return found;
}

function toOrt({ datatype, data, shape }: Tensor): OrtTensor {
  const type = elements[datatype].ort;
  if (type === null) throw new InferenceError(`onnxruntime takes no ${datatype}`);
  // Bun gives the binding a Float16Array as if it were empty; the same bits as 16-bit words arrive whole.
  if (type === "float16") return Object.assign(new OrtTensor("uint16", data as Uint16Array, shape), { type });
  return new OrtTensor(type, data, shape);
}

/** A missing output, another type or another shape than registered is a malformed answer. */
function fromOrt({ name, datatype, shape }: TensorSpec, value: OrtTensor | undefined): Tensor {
  if (value === undefined) throw new InferenceError(`the model gave no output "${name}"`);
  if (value.type !== elements[datatype].ort) {
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
