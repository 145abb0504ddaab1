/** What the fuzzer's gateway serves, and what its models answer, calculated apart from them. */
import type { Signature } from "../../../schemas/model-version.ts";
import { failingModel, linearModel, slowModel, textModel, twoInputModel } from "../../support/models.ts";
import { servingTree } from "../../support/serving-tree.ts";
import { textSignature } from "../../support/versions.ts";

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

/** `fraud` (two versions and a failing canary), `words` (text), `sum` (two inputs) and `slow`, which waits in a worker. */
export function fuzzTree(): Record<string, string | Uint8Array> {
  // Failures are to go on.
  const rollback = { automatic: false };
  const versions = {
    1: linearModel({ bias: biases[1] ?? [] }),
    2: linearModel({ bias: biases[2] ?? [] }),
    3: failingModel({ bias: biases[3] ?? [], limit: failsFrom }),
  };
  return servingTree({
    fraud: { versions, featureOrder, canary: canaryVersion, weight: 30, spec: { previous: [2], rollback } },
    words: { versions: { 1: { bytes: textModel(), signature: textSignature } } },
    sum: { versions: { 1: { bytes: twoInputModel(), signature: sumSignature } } },
    slow: { versions: { 1: slowModel({ rounds: 150 }) } },
  });
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
