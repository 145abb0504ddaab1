import type { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { firstAnswer, type Probed } from "../../../../schemas/probe.ts";
import { elements, type Tensor } from "../../../../schemas/tensor.ts";

/** ONNX Runtime would write errors to the terminal itself, besides throwing them. */
export const quiet = { logSeverityLevel: 4 } as const;

/** Makes ONNX Runtime's tensors. */
type TensorConstructor = new (type: OrtTensor.Type, data: OrtTensor.DataType, dims: readonly number[]) => OrtTensor;

/**
 * Really asks the model, for a batch of one made-up row, and returns the shapes of its answers by name. The thread stands
 * still meanwhile. ONNX Runtime's class is handed in, because the library is loaded late. Where the model answers nothing
 * that is tried, throws what ONNX Runtime said at the first.
 */
export async function tryModel(
  session: InferenceSession,
  model: Probed,
  Constructor: TensorConstructor,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const outputs = model.signature.outputs.map((output) => output.name);
  const { answer } = await firstAnswer(model, (inputs) => {
    const feeds = inputs.map((input) => [input.name, toOrt(input, Constructor)] as const);
    return session.run(Object.fromEntries(feeds), outputs, quiet);
  });
  return new Map(Object.entries(answer).map(([name, { dims }]) => [name, dims]));
}

function toOrt({ datatype, data, shape }: Tensor, Constructor: TensorConstructor): OrtTensor {
  const type = elements[datatype].ort;
  if (type === null) throw new Error(`onnxruntime takes no ${datatype}`);
  // Bun gives the binding a Float16Array as if it were empty; the same bits as 16-bit words arrive whole.
  const wire = type === "float16" ? "uint16" : type;
  return Object.assign(new Constructor(wire, data as OrtTensor.DataType, shape), { type });
}
