import type { Signature, TensorSpec } from "./model-version.ts";
import { elements, type Tensor, type TensorData } from "./tensor.ts";

/**
 * What the elements of a made-up row are. `mixed`: numbers of either sign and different size, the same in every run. Between
 * them they find models that divide by an input, look something up by it, or take longer where there is something to do.
 */
export const fills = ["zeros", "ones", "mixed"] as const;
export type Fill = (typeof fills)[number];

/** Lengths that stand for a free dimension: most models take any, some want a picture of a size. */
const lengths = [1, 64] as const;

/** Elements that one made-up input may have: 64 MiB of FP32. */
const maxElements = 16 * 1024 * 1024;

export interface Probe {
  readonly fill: Fill;
  /** Length of the free dimensions that nothing else tells. */
  readonly free: number;
}

/** What of a version decides how its made-up rows look. */
export interface Probed {
  readonly signature: Signature;
  readonly featureOrder?: readonly string[] | null | undefined;
}

/**
 * Asks a model with one made-up row after another until it answers: what is registered and what is served must be the same
 * models, so both sides ask this way. Where it answers none, rejects with what `run` said of the first.
 */
export async function firstAnswer<Answer>(
  model: Probed,
  run: (inputs: readonly Tensor[]) => Promise<Answer>,
): Promise<{ readonly probe: Probe; readonly answer: Answer }> {
  const errors: unknown[] = [];
  for (const probe of probesOf(model)) {
    try {
      return { probe, answer: await run(probeInputs(model, probe)) };
    } catch (error) {
      errors.push(error);
    }
  }
  throw errors[0];
}

/** One made-up row. Throws where an input is too large for that, or of a type that ONNX Runtime does not take. */
export function probeInputs(model: Probed, { fill, free }: Probe): readonly Tensor[] {
  return model.signature.inputs.map((input, at) => {
    const { name, datatype } = input;
    const shape = shapeOf(input, at === 0 ? columnsOf(model) : null, free);
    const count = shape.reduce((size, dimension) => size * dimension, 1);
    if (count > maxElements) throw new Error(`one row of input "${name}" has ${count} elements, too many to try`);
    return { name, datatype, shape, data: filled(input, count, fill) };
  });
}

function probesOf(model: Probed): readonly Probe[] {
  const open = model.signature.inputs.some((input, at) =>
    shapeOf(input, at === 0 ? columnsOf(model) : null, -1).includes(-1),
  );
  return lengths.slice(0, open ? lengths.length : 1).flatMap((free) => fills.map((fill) => ({ fill, free })));
}

function columnsOf({ featureOrder }: Probed): number | null {
  return featureOrder?.length ?? null;
}

/** One row, as many columns as there are features, and `free` of everything else. */
function shapeOf({ shape }: TensorSpec, columns: number | null, free: number): readonly number[] {
  return shape.map((size, at) => {
    if (size !== -1) return size;
    if (at === 0) return 1;
    return columns !== null && shape.length === 2 ? columns : free;
  });
}

function filled({ name, datatype }: TensorSpec, count: number, fill: Fill): TensorData {
  const element = elements[datatype];
  if (element === null) throw new Error(`input "${name}" is ${datatype}, which onnxruntime does not take`);
  if (fill === "zeros") return element.allocate(count);
  const random = numbers(count);
  const whole = (): number => (fill === "ones" ? 1 : Math.floor(random() * 10));
  // From 0.1 to 10 in size, so that neither small nor large ones drown the others.
  const real = (): number => (fill === "ones" ? 1 : (random() < 0.5 ? -1 : 1) * 10 ** (2 * random() - 1));
  if (datatype === "BYTES") return Array.from({ length: count }, () => String(whole()));
  if (datatype === "FP16") return new Uint16Array(Float16Array.from({ length: count }, real).buffer);
  const data = element.allocate(count);
  if (data instanceof Float32Array || data instanceof Float64Array) return data.map(real);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return data.map(() => BigInt(whole()));
  return (data as Uint8Array).map(datatype === "BOOL" ? () => whole() % 2 : whole);
}

/** Uniform in 0..1, by a linear congruential generator (Numerical Recipes' constants). */
function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
