import {
  encodeModel,
  floats,
  int64s,
  operation,
  tensor,
  type Initializer,
  type Model,
  type Operation,
} from "./onnx.ts";

/** Real, tiny ONNX models, as bytes. Numbers are fixed, so that equal options give equal digests. */

/** Everything about a model but its graph. */
export type Header = Omit<Model, "graph">;

export interface LinearOptions extends Header {
  /** Columns of the input `input`, FP32 [-1, features]. Default 3. */
  readonly features?: number;
  /** The file does not say how many columns the input has. */
  readonly openColumns?: boolean;
  /** Classes of the outputs `label` INT64 [-1] and `probabilities` FP32 [-1, classes]. Default 2. */
  readonly classes?: number;
  /** Row-major [features, classes]. Default: class c listens to feature c only, with weight 1. */
  readonly weights?: readonly number[];
  /** [classes]. Default: zeros. With zero weights, the logits of every row. */
  readonly bias?: readonly number[];
}

/** A classifier: `probabilities = softmax(input * weights + bias)` and `label` its argmax. */
export function linearModel(options: LinearOptions = {}): Uint8Array {
  return classifier(options, [operation("Identity", ["input"], ["x"])]);
}

export interface FailingOptions extends LinearOptions {
  /** Rows whose first feature is this number or more (or negative enough) fail. Default 10. */
  readonly limit?: number;
}

/** A linear model that fails at run time, by a Gather out of range, where the first feature of a row is `limit` or more. */
export function failingModel(options: FailingOptions = {}): Uint8Array {
  const limit = options.limit ?? 10;
  return classifier(
    options,
    [
      operation("Gather", ["input", "zero"], ["first"], { axis: 1 }),
      operation("Cast", ["first"], ["index"], { to: 7 }),
      operation("Gather", ["table", "index"], ["offset"]),
      operation("Unsqueeze", ["offset", "one"], ["column"]),
      operation("Add", ["input", "column"], ["x"]),
    ],
    [int64s("zero", [], [0]), int64s("one", [1], [1]), floats("table", [limit], Array(limit).fill(0))],
  );
}

export interface SlowOptions extends LinearOptions {
  /**
   * How often a 128 x 128 matrix is multiplied by itself for each call, tens of microseconds each. `first-feature`: as often as
   * the largest first feature of the batch says, so that zeros are fast and a caller can ask for a slow answer.
   */
  readonly rounds?: number | "first-feature";
  /** Rounds for each unit of the first feature. Default 1. */
  readonly each?: number;
}

/** A linear model that takes its time, in a Loop that really calculates. */
export function slowModel({ rounds = 100, each = 1, ...options }: SlowOptions = {}): Uint8Array {
  const side = 128;
  const count: Operation[] =
    rounds === "first-feature"
      ? [
          operation("Gather", ["input", "zero"], ["first"], { axis: 1 }),
          operation("ReduceMax", ["first"], ["largest"], { keepdims: 0 }),
          operation("Mul", ["largest", "each"], ["many"]),
          operation("Cast", ["many"], ["rounds"], { to: 7 }),
        ]
      : [];
  const body = {
    operations: [operation("MatMul", ["square", "mixer"], ["next"]), operation("Identity", ["go_on"], ["go_on_still"])],
    inputs: [tensor("round", "int64", []), tensor("go_on", "bool", []), tensor("square", "float", [side, side])],
    outputs: [tensor("go_on_still", "bool", []), tensor("next", "float", [side, side])],
  };
  return classifier(
    options,
    [
      ...count,
      operation("Loop", ["rounds", "true", "mixer"], ["mixed"], { body }),
      operation("ReduceSum", ["mixed"], ["total"], { keepdims: 0 }),
      operation("Mul", ["total", "nothing"], ["residue"]),
      operation("Add", ["input", "residue"], ["x"]),
    ],
    [
      int64s("zero", [], [0]),
      ...(rounds === "first-feature" ? [] : [int64s("rounds", [], [rounds])]),
      { name: "true", type: "bool", dims: [], values: [1] },
      floats("mixer", [side, side], Array(side * side).fill(1 / side)),
      floats("nothing", [], [0]),
      floats("each", [], [each]),
    ],
  );
}

/** Two inputs `a` and `b`, FP32 [-1, features]; output `sum` of the same shape. */
export function twoInputModel({ features = 2, ...header }: Header & { readonly features?: number } = {}): Uint8Array {
  const shape = ["batch", features];
  return encodeModel({
    ...header,
    graph: {
      operations: [operation("Add", ["a", "b"], ["sum"])],
      inputs: [tensor("a", "float", shape), tensor("b", "float", shape)],
      outputs: [tensor("sum", "float", shape)],
    },
  });
}

/** Inputs `ids` INT64 [-1] and `words` BYTES [-1]; outputs `doubled` INT64 [-1] and `echo` BYTES [-1]. */
export function textModel(header: Header = {}): Uint8Array {
  return encodeModel({
    ...header,
    graph: {
      operations: [operation("Add", ["ids", "ids"], ["doubled"]), operation("Identity", ["words"], ["echo"])],
      inputs: [tensor("ids", "int64", ["batch"]), tensor("words", "string", ["batch"])],
      outputs: [tensor("doubled", "int64", ["batch"]), tensor("echo", "string", ["batch"])],
    },
  });
}

/** What skl2onnx writes without `zipmap: False`: `label` INT64 [-1] and `probabilities`, a sequence of maps. */
export function zipMapModel({ labelled = true, ...header }: Header & { readonly labelled?: boolean } = {}): Uint8Array {
  return encodeModel({
    ...header,
    graph: {
      operations: [
        operation("ArgMax", ["input"], ["label"], { axis: 1, keepdims: 0 }),
        operation("ZipMap", ["input"], ["probabilities"], { classlabels_int64s: [0, 1] }, "ai.onnx.ml"),
      ],
      inputs: [tensor("input", "float", ["batch", 2])],
      outputs: [
        ...(labelled ? [tensor("label", "int64", ["batch"])] : []),
        { name: "probabilities", type: "sequence<map<int64,float>>" },
      ],
    },
  });
}

/** A linear classifier of `x`, which `prepare` makes from the input `input`. */
function classifier(
  { features = 3, openColumns = false, classes = 2, weights, bias, ...header }: LinearOptions,
  prepare: readonly Operation[],
  initializers: readonly Initializer[] = [],
): Uint8Array {
  const diagonal = Array.from({ length: features * classes }, (_, at) =>
    Math.floor(at / classes) === at % classes ? 1 : 0,
  );
  return encodeModel({
    ...header,
    graph: {
      operations: [
        ...prepare,
        operation("MatMul", ["x", "weights"], ["product"]),
        operation("Add", ["product", "bias"], ["logits"]),
        operation("Softmax", ["logits"], ["probabilities"], { axis: 1 }),
        operation("ArgMax", ["logits"], ["label"], { axis: 1, keepdims: 0 }),
      ],
      initializers: [
        floats("weights", [features, classes], weights ?? diagonal),
        floats("bias", [classes], bias ?? Array<number>(classes).fill(0)),
        ...initializers,
      ],
      inputs: [tensor("input", "float", ["batch", openColumns ? "columns" : features])],
      outputs: [tensor("label", "int64", ["batch"]), tensor("probabilities", "float", ["batch", classes])],
    },
  });
}

export interface WeightedOptions {
  /** Paths of the files beside the model that hold `weights` and `bias`; left out: they are in the model itself. */
  readonly weights?: string;
  readonly bias?: string;
  readonly biasOffset?: number;
  /** Said of each; null: nothing. Default: what it takes. */
  readonly length?: null;
  /** The weights belong to a graph inside a node. */
  readonly inBranch?: boolean;
  readonly values?: readonly number[];
}

/** `out = in * weights + bias`, FP32 [-1, 3] -> [-1, 2], as what `encodeModel` and `externalData` make files of. */
export function weightedModel(options: WeightedOptions = {}): Model {
  const { weights, bias, biasOffset = 0, inBranch = false, values = [1, 0, 0, 1, 1, 1] } = options;
  const place = (location: string | undefined, offset: number): Pick<Initializer, "external"> =>
    location === undefined ? {} : { external: { location, offset, ...("length" in options ? { length: null } : {}) } };
  const matrix: Initializer = { ...floats("weights", [3, 2], values), ...place(weights, 0) };
  const multiply = operation("MatMul", ["in", "weights"], ["product"]);
  const branch = {
    operations: [multiply],
    initializers: [matrix],
    inputs: [],
    outputs: [tensor("product", "float", [null, 2])],
  };
  return {
    graph: {
      operations: [
        inBranch ? operation("If", ["yes"], ["product"], { then_branch: branch, else_branch: branch }) : multiply,
        operation("Add", ["product", "bias"], ["out"]),
      ],
      initializers: [
        ...(inBranch ? [{ name: "yes", type: "bool", dims: [], values: [1] } as const] : [matrix]),
        { ...floats("bias", [2], [0.5, -0.5]), ...place(bias, biasOffset) },
      ],
      inputs: [tensor("in", "float", ["batch", 3])],
      outputs: [tensor("out", "float", ["batch", 2])],
    },
  };
}
