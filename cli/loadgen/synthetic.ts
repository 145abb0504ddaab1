import { fail } from "../../schemas/problem.ts";
import { seededRandom } from "./random.ts";
import type { Cell, Features, RowSource } from "./row.ts";

/** What a model takes, as its metadata says (Open Inference Protocol v2). */
export interface ModelInputs {
  readonly model: string;
  readonly inputs: readonly { readonly name: string; readonly datatype: string; readonly shape: readonly number[] }[];
  /** Names of the columns of the first input; null where the metadata names none. */
  readonly featureNames: readonly string[] | null;
}

/**
 * Endless made-up rows that fit the signature; the same seed gives the same rows. Numbers are normally distributed
 * around 0, integers 0 to 9, booleans 0 or 1, strings a to j: they try the gateway, not the model's judgement.
 */
export function synthesiseRows(metadata: ModelInputs, seed = 1): RowSource {
  const random = seededRandom(seed);
  const make = rowMaker(metadata);
  let received = 0;
  return {
    description: `made up from the signature of ${metadata.model}`,
    next() {
      received++;
      return { features: make(random), label: null };
    },
    received: () => received,
    close: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function rowMaker({ model, inputs, featureNames }: ModelInputs): (random: () => number) => Features {
  const [first] = inputs;
  const widths = inputs.map(({ shape }) => shape.slice(1).reduce((product, size) => product * size, 1));
  const hint = "give rows with --data";
  if (first === undefined || widths.some((width) => !Number.isSafeInteger(width) || width < 1)) {
    return fail({
      code: "rows-signature",
      message: `no rows can be made up for ${model}: its inputs have no fixed width`,
      hint,
    });
  }
  if (inputs.length > 1) {
    if (widths.some((width) => width !== 1)) {
      return fail({
        code: "rows-signature",
        message: `no rows can be made up for ${model}: it takes several wide inputs`,
        hint,
      });
    }
    return (random) => Object.fromEntries(inputs.map(({ name, datatype }) => [name, cell(datatype, random)]));
  }
  const width = widths[0] ?? 0;
  const values = (random: () => number): Cell[] => Array.from({ length: width }, () => cell(first.datatype, random));
  if (featureNames === null) return (random) => [values(random)];
  if (featureNames.length !== width) {
    const message = `${model} names ${featureNames.length} features and takes ${width} values`;
    return fail({ code: "rows-signature", message, hint });
  }
  return (random) => Object.fromEntries(featureNames.map((name) => [name, cell(first.datatype, random)]));
}

function cell(datatype: string, random: () => number): Cell {
  if (datatype === "BOOL") return random() < 0.5 ? 0 : 1;
  if (datatype === "BYTES") return "abcdefghij".charAt(Math.floor(random() * 10));
  if (/^U?INT/.test(datatype)) return Math.floor(random() * 10);
  // Box and Muller; 1 - u keeps the logarithm finite.
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Math.round(normal * 1e6) / 1e6;
}
