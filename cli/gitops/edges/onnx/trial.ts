import type { InferenceSession, Tensor } from "onnxruntime-node";
import type { Signature, TensorSpec } from "../../../../schemas/model-version.ts";
import { elementOfDatatype } from "./elements.ts";

/** ONNX Runtime would write errors to the terminal itself, besides throwing them. */
export const quiet = { logSeverityLevel: 4 } as const;

/** Elements that one made-up input may have: 64 MiB of FP32. */
const maxElements = 16 * 1024 * 1024;

/** Makes a tensor; ONNX Runtime's class is handed in, because the library is loaded late. */
export type MakeTensor = (type: Tensor.Type, data: Tensor.DataType, dims: readonly number[]) => Tensor;

interface Attempt {
  readonly fill: 0 | 1;
  /** Length of a dynamic dimension; the first one of an input is the batch, and stays 1. */
  readonly free: number;
}

/** A row is tried with these until the model answers: some models divide by an input, some want a picture of a size. */
const attempts: readonly Attempt[] = [
  { fill: 0, free: 1 },
  { fill: 1, free: 1 },
  { fill: 1, free: 64 },
];

/**
 * Really asks the model, for a batch of one made-up row, and returns the shapes of its answers by name. The thread stands
 * still meanwhile. Where no attempt goes through, throws what ONNX Runtime said at the first.
 */
export async function tryModel(
  session: InferenceSession,
  signature: Signature,
  makeTensor: MakeTensor,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const outputs = signature.outputs.map((output) => output.name);
  const errors: unknown[] = [];
  for (const attempt of attempts) {
    try {
      const feeds = signature.inputs.map((input) => [input.name, madeUp(input, attempt, makeTensor)] as const);
      const answers = await session.run(Object.fromEntries(feeds), outputs, quiet);
      return new Map(Object.entries(answers).map(([name, answer]) => [name, answer.dims]));
    } catch (error) {
      errors.push(error);
    }
  }
  throw errors[0];
}

function madeUp(input: TensorSpec, { fill, free }: Attempt, makeTensor: MakeTensor): Tensor {
  const element = elementOfDatatype(input.datatype);
  if (element === undefined) throw new Error(`input "${input.name}" has the type ${input.datatype}`);
  const dims = input.shape.map((size, at) => (size >= 0 ? size : at === 0 ? 1 : free));
  const count = dims.reduce((product, size) => product * size, 1);
  if (count > maxElements) throw new Error(`one row of input "${input.name}" has ${count} elements, too many to try`);
  return makeTensor(element.type, element.data(count, fill), dims);
}
