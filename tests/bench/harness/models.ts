import { encodeModel, floats, operation, tensor } from "../../support/onnx.ts";
import { linearModel } from "../../support/models.ts";
import { seededRandom } from "../../support/random.ts";
import type { Signature } from "../../../schemas/model-version.ts";

/** Columns of both models. */
export const features = 10;
const classes = 2;
const hidden = 256;

/** Of both models: a label and the probabilities of two classes, as scikit-learn's exports have them. */
export const signature: Signature = {
  inputs: [{ name: "input", datatype: "FP32", shape: [-1, features] }],
  outputs: [
    { name: "label", datatype: "INT64", shape: [-1] },
    { name: "probabilities", datatype: "FP32", shape: [-1, classes] },
  ],
};

/** A logistic regression; another `seed` is another model. */
export function logisticRegression(seed = 1): Uint8Array {
  return linearModel({
    features,
    classes,
    weights: numbers(seed, features * classes),
    bias: numbers(seed + 1, classes),
  });
}

/** A network of two hidden layers, 10-256-256-2. */
export function network(seed = 1): Uint8Array {
  const sizes = [features, hidden, hidden, classes];
  const layers = sizes.slice(1).map((to, at) => ({ at, from: sizes[at] ?? 0, to }));
  const last = layers.length - 1;
  return encodeModel({
    graph: {
      operations: [
        ...layers.flatMap(({ at }) => [
          operation("MatMul", [at === 0 ? "input" : `x${at}`, `w${at}`], [`p${at}`]),
          operation("Add", [`p${at}`, `b${at}`], [`s${at}`]),
          ...(at === last ? [] : [operation("Relu", [`s${at}`], [`x${at + 1}`])]),
        ]),
        operation("Softmax", [`s${last}`], ["probabilities"], { axis: 1 }),
        operation("ArgMax", [`s${last}`], ["label"], { axis: 1, keepdims: 0 }),
      ],
      initializers: layers.flatMap(({ at, from, to }) => [
        floats(`w${at}`, [from, to], numbers(seed + at, from * to)),
        floats(`b${at}`, [to], numbers(seed + at + 10, to)),
      ]),
      inputs: [tensor("input", "float", ["batch", features])],
      outputs: [tensor("label", "int64", ["batch"]), tensor("probabilities", "float", ["batch", classes])],
    },
  });
}

/** The body of a request with one row. */
export const oneRow = JSON.stringify({ instances: [numbers(7, features)] });

function numbers(seed: number, count: number): number[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => Number((random() - 0.5).toFixed(4)));
}
