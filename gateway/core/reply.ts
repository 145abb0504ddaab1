import type { Signature } from "../../schemas/model-version.ts";
import { OutputNotJson, RequestError } from "./errors.ts";
import { InferenceError } from "./ports.ts";
import type { Tensor } from "../../schemas/tensor.ts";
import { codecOf } from "./values.ts";

/** What `/predict` answers of a model's outputs. */
export interface Predictions {
  /** One of each row: a label, a number, a list, or an object by output name where there are several outputs. */
  readonly predictions: readonly unknown[];
  /** Of classifiers: one list of each row. */
  readonly probabilities?: readonly unknown[];
}

/**
 * Outputs to one prediction a row. A label (whole numbers or strings, one a row) beside one matrix of floats is a
 * classifier with probabilities; one output is the predictions; anything else is an object of each row.
 * Throws an InferenceError for a number of rows that is not the request's, and OutputNotJson for NaN and infinities.
 */
export function toPredictions(outputs: readonly Tensor[], rows: number): Predictions {
  const [first, second, third] = outputs;
  if (first === undefined) throw new InferenceError("the model gave no output");
  if (second === undefined) return { predictions: rowsOf(first, rows) };
  if (third === undefined) {
    const classified = classes(first, second, rows) ?? classes(second, first, rows);
    if (classified !== null) return classified;
  }
  const columns = outputs.map((output) => [output.name, rowsOf(output, rows)] as const);
  const predictions = Array.from({ length: rows }, (_, row) =>
    Object.fromEntries(columns.map(([name, values]) => [name, values[row]])),
  );
  return { predictions };
}

function classes(label: Tensor, scores: Tensor, rows: number): Predictions | null {
  if (!isLabel(label, rows) || !isScores(scores, rows)) return null;
  return { predictions: rowsOf(label, rows), probabilities: rowsOf(scores, rows) };
}

/** Throws a RequestError where the model's outputs are not one a row, so that `/predict` could not say whose is whose. */
export function requireRowOutputs(signature: Signature): void {
  const whole = signature.outputs.find(
    (output) => output.shape[0] !== -1 && output.shape[0] !== signature.inputs[0]?.shape[0],
  );
  if (whole !== undefined) {
    const message = `output "${whole.name}" of this model has no row for each input row; use POST /v2/models/.../infer`;
    throw new RequestError(422, "output-not-rows", message);
  }
}

/** All elements as JSON values, row-major. Throws OutputNotJson for what JSON cannot carry. */
export function jsonElements(tensor: Tensor): unknown[] {
  const isOdd = tensor.datatype === "BYTES" && ArrayBuffer.isView(tensor.data);
  if (isOdd) throw new OutputNotJson(tensor.name, "is no UTF-8 text");
  const codec = codecOf(tensor.datatype);
  const values = Array<unknown>(tensor.data.length);
  for (let at = 0; at < values.length; at++) {
    const value = codec.get(tensor.data, at);
    if (value === undefined) throw new OutputNotJson(tensor.name, `element ${at} is not a finite number`);
    values[at] = value;
  }
  return values;
}

function isLabel({ datatype, shape, data }: Tensor, rows: number): boolean {
  const isFloat = datatype.startsWith("FP") || datatype === "BF16";
  return !isFloat && shape[0] === rows && data.length === rows;
}

function isScores({ datatype, shape }: Tensor, rows: number): boolean {
  return datatype.startsWith("FP") && shape.length === 2 && shape[0] === rows;
}

/** A row of one element is that element. */
function rowsOf(tensor: Tensor, rows: number): readonly unknown[] {
  const { name, shape } = tensor;
  if (shape[0] !== rows) {
    throw new InferenceError(`output "${name}" has the shape [${shape.join(", ")}] for ${rows} rows`);
  }
  const values = jsonElements(tensor);
  if (shape.length === 1 || (shape.length === 2 && shape[1] === 1)) return values;
  return nest(values, shape, 0, 0, values.length);
}

/** What of the elements from `start` to `end` stands at one depth of the shape. */
function nest(
  values: readonly unknown[],
  shape: readonly number[],
  depth: number,
  start: number,
  end: number,
): readonly unknown[] {
  if (depth === shape.length - 1) return start === 0 && end === values.length ? values : values.slice(start, end);
  const length = shape[depth] ?? 0;
  const size = (end - start) / length;
  const nested = Array<readonly unknown[]>(length);
  for (let at = 0; at < length; at++) {
    nested[at] = nest(values, shape, depth + 1, start + at * size, start + (at + 1) * size);
  }
  return nested;
}
