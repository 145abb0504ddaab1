/** What the fuzzer's gateway serves, and what its models answer, calculated apart from them. */
import type { Environment } from "../../../schemas/environment.ts";
import type { Signature } from "../../../schemas/model-version.ts";
import { failingModel, linearModel, slowModel, textModel, twoInputModel } from "../../support/models.ts";
import { servingTree } from "../../support/serving-tree.ts";
import { linearSignature, textSignature } from "../../support/versions.ts";

const fp32 = "FP32";

const sumSignature: Signature = {
  inputs: ["a", "b"].map((name) => ({ name, datatype: fp32, shape: [-1, 2] })),
  outputs: [{ name: "sum", datatype: fp32, shape: [-1, 2] }],
};

/** Biases of the versions of `fraud` by which their answers differ; 3 is a canary that fails from a first feature of 10 on. */
const biases: Readonly<Record<number, readonly [number, number]>> = { 1: [0, 0], 2: [1, 0], 3: [0, 2] };

/** The first feature from which on the canary fails. */
export const failsFrom = 10;

export const canaryVersion = 3;
export const featureOrder = ["age", "amount", "hour"];

/** Of every version of these models. */
export const signatures: ReadonlyMap<string, Signature> = new Map([
  ["fraud", linearSignature()],
  ["words", textSignature],
  ["sum", sumSignature],
  ["slow", linearSignature()],
]);

/** What is loaded, as `model/version`. */
export const servedVersions = ["fraud/1", "fraud/2", "fraud/3", "words/1", "sum/1", "slow/1"];

/**
 * `fraud` (two versions and a failing canary), `words` (text), `sum` (two inputs) and `slow`, which waits in a worker. `policy`: of
 * the environment.
 */
export function fuzzTree(policy: Partial<Environment["spec"]> = {}): Record<string, string | Uint8Array> {
  // Failures are to go on.
  const rollback = { automatic: false };
  const versions = {
    1: linearModel({ bias: biases[1] ?? [] }),
    2: linearModel({ bias: biases[2] ?? [] }),
    3: failingModel({ bias: biases[3] ?? [], limit: failsFrom }),
  };
  const models = {
    fraud: { versions, featureOrder, canary: canaryVersion, weight: 30, spec: { previous: [2], rollback } },
    words: { versions: { 1: { bytes: textModel(), signature: textSignature } } },
    sum: { versions: { 1: { bytes: twoInputModel(), signature: sumSignature } } },
    slow: { versions: { 1: slowModel({ rounds: 150 }) } },
  };
  return servingTree(models, policy);
}

export type Element = number | bigint | string;
export type Elements = ReadonlyMap<string, readonly Element[]>;

/** What a version gives for its inputs, by output; null: it fails on them. */
export function outputsFor(model: string, version: number, inputs: Elements): Elements | null {
  const numbers = (name: string): readonly number[] => (inputs.get(name) ?? []).map(Number);
  if (model === "sum") {
    const other = numbers("b");
    return new Map([["sum", numbers("a").map((value, at) => Math.fround(value + (other[at] ?? NaN)))]]);
  }
  if (model === "words") {
    const doubled = (inputs.get("ids") ?? []).map((id) => BigInt.asIntN(64, 2n * BigInt(id)));
    return new Map<string, readonly Element[]>([
      ["doubled", doubled],
      ["echo", inputs.get("words") ?? []],
    ]);
  }
  const values = numbers("input");
  const rows = Array.from({ length: values.length / 3 }, (_, row) => values.slice(3 * row, 3 * row + 3));
  if (model === "fraud" && version === canaryVersion && rows.some(isTooMuch)) return null;
  const classified = rows.map((row) => classify(version, row));
  return new Map<string, readonly Element[]>([
    ["label", classified.map(({ label }) => BigInt(label))],
    ["probabilities", classified.flatMap(({ probabilities }) => probabilities)],
  ]);
}

/** It looks something up by the first feature, whole: from the end of its table where that is negative. */
function isTooMuch([first = NaN]: readonly number[]): boolean {
  return !(Math.trunc(first) >= -failsFrom && Math.trunc(first) < failsFrom);
}

/** What `fraud` and `slow` answer of one row: the label, and the probability of each class. */
export function classify(version: number, row: readonly number[]): { label: number; probabilities: readonly number[] } {
  const bias = biases[version] ?? [0, 0];
  const logits = bias.map((of, at) => Math.fround(Math.fround(row[at] ?? 0) + of));
  const most = Math.max(...logits);
  const weights = logits.map((logit) => Math.exp(logit - most));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return { label: logits.indexOf(most), probabilities: weights.map((weight) => weight / total) };
}
