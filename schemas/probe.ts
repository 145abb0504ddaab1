import type { Signature, TensorSpec } from "./model-version.ts";
import { elements, type Tensor, type TensorData } from "./tensor.ts";

/**
 * What the elements of a made-up row are. `mixed`: numbers of either sign and different size, the same in every run. Between
 * them they find models that divide by an input, look something up by it, or take longer where there is something to do.
 */
export const fills = ["zeros", "ones", "mixed"] as const;
export type Fill = (typeof fills)[number];

/** How long free dimensions are that nothing else tells: most models take any length. */
export interface Lengths {
  readonly free: number;
  /** Which dimension of pictures is their channels, of which there are three. Left out: as long as the others. */
  readonly channels?: 1 | 3;
}

const usual: readonly Lengths[] = [{ free: 1 }, { free: 64 }];

/** Some want a picture of the size that most are trained on; and where nobody says which dimension is which, in colour. */
const ofPictures: readonly Lengths[] = [{ free: 224 }];
const ofOpenPictures: readonly Lengths[] = [
  { free: 64, channels: 1 },
  { free: 224, channels: 1 },
  { free: 64, channels: 3 },
  { free: 224, channels: 3 },
];

/** Elements that one made-up input may have: 64 MiB of FP32. */
const maxElements = 16 * 1024 * 1024;

export interface Probe extends Lengths {
  readonly fill: Fill;
}

/** One row of the model is more than is tried. */
export class ProbeTooLarge extends Error {
  override readonly name = "ProbeTooLarge";
}

/** What of a version decides how its made-up rows look. */
export interface Probed {
  readonly signature: Signature;
  readonly featureOrder?: readonly string[] | null | undefined;
  /**
   * Dimensions of the inputs as the file says them, in the order of the signature: a free dimension may have a name, and those
   * of one name are equally long.
   */
  readonly dimensions?: readonly (readonly (string | number)[])[] | undefined;
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
export function probeInputs(model: Probed, { fill, ...lengths }: Probe): readonly Tensor[] {
  const shapes = shapesOf(model, lengths);
  return model.signature.inputs.map((input, at) => {
    const { name, datatype } = input;
    const shape = shapes[at] ?? [];
    const count = shape.reduce((size, dimension) => size * dimension, 1);
    if (count > maxElements) {
      throw new ProbeTooLarge(
        `one row of input "${name}" has ${count} elements, more than the ${maxElements} that are tried`,
      );
    }
    return { name, datatype, shape, data: filled(input, count, fill) };
  });
}

function probesOf(model: Probed): readonly Probe[] {
  const shapes = shapesOf(model, { free: -1 });
  const pictures = shapes.filter((shape) => shape.length === 4 && shape.slice(1).includes(-1));
  const lengths = [
    ...usual.slice(0, shapes.some((shape) => shape.includes(-1)) ? usual.length : 1),
    ...(pictures.some((shape) => shape.slice(1).every((size) => size === -1)) ? ofOpenPictures : []),
    ...(pictures.some((shape) => shape.slice(1).some((size) => size !== -1)) ? ofPictures : []),
  ];
  return lengths.flatMap((length) => fills.map((fill) => ({ ...length, fill })));
}

/** One row, as many columns as there are features, and what is tried of everything else; the same of dimensions of one name. */
function shapesOf(model: Probed, { free, channels }: Lengths): readonly (readonly number[])[] {
  const named = new Map<string, number>();
  return model.signature.inputs.map(({ shape }, input) =>
    shape.map((size, at) => {
      if (size !== -1) return size;
      const name = model.dimensions?.[input]?.[at] ?? "";
      const known = typeof name === "string" && name !== "" ? named.get(name) : undefined;
      if (known !== undefined) return known;
      const length = lengthOf(at, shape.length, input === 0 ? model.featureOrder?.length : undefined);
      if (typeof name === "string" && name !== "") named.set(name, length);
      return length;
    }),
  );

  function lengthOf(at: number, rank: number, columns: number | undefined): number {
    if (at === 0) return 1;
    if (rank === 2 && columns !== undefined) return columns;
    return rank === 4 && at === channels ? 3 : free;
  }
}

function filled({ datatype }: TensorSpec, count: number, fill: Fill): TensorData {
  const element = elements[datatype];
  if (fill === "zeros") return element.allocate(count);
  const random = numbers(count);
  const whole = (): number => (fill === "ones" ? 1 : Math.floor(random() * 10));
  // From 0.1 to 10 in size, so that neither small nor large ones drown the others.
  const real = (): number => (fill === "ones" ? 1 : (random() < 0.5 ? -1 : 1) * 10 ** (2 * random() - 1));
  if (datatype === "BYTES") return Array.from({ length: count }, () => String(whole()));
  if (datatype === "FP16") return new Uint16Array(Float16Array.from({ length: count }, real).buffer);
  if (datatype === "BF16") {
    const halves = new Uint16Array(Float32Array.from({ length: count }, real).buffer);
    return halves.filter((_, at) => at % 2 === 1);
  }
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
