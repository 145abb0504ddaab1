import type { Signature, TensorSpec } from "../../schemas/model-version.ts";
import { refuse, RequestError } from "./errors.ts";
import type { Tensor } from "../../schemas/tensor.ts";
import { codecOf, mismatch, type Codec } from "./values.ts";
import { describe, didYouMean, isObject, listNames } from "./words.ts";

const fields = ["model", "features", "instances"] as const;

/** The body of `POST /predict`, before a model is known. */
export interface PredictRequest {
  /** null: the caller named none. */
  readonly model: string | null;
  /** At least one. */
  readonly instances: readonly unknown[];
  /** The field that the rows came from, for messages. */
  readonly field: "features" | "instances" | "inputs";
}

/**
 * Reads the body of KServe's v1 `:predict`: `instances` or `inputs`, a list of rows either way. Other fields are left alone, as
 * KServe's own server does: clients send it what they like.
 */
export function readV1Request(model: string, body: unknown): PredictRequest {
  if (!isObject(body)) return refuse("body-not-object", `the body must be a JSON object, not ${describe(body)}`);
  const { instances, inputs } = body;
  if ((instances === undefined) === (inputs === undefined)) {
    const got = instances === undefined ? "neither" : "both";
    refuse("instances-missing", `give exactly one of "instances" and "inputs"; got ${got}`);
  }
  const field = instances === undefined ? "inputs" : "instances";
  return { model, instances: readRows(body[field], field, "a list of rows"), field };
}

/**
 * Reads `{model?, features: {name: value} | [[...]]}` or `{model?, instances: [...]}`. Throws a RequestError; rows are
 * looked at by `rowsToTensors`.
 */
export function readPredictRequest(body: unknown): PredictRequest {
  if (!isObject(body)) return refuse("body-not-object", `the body must be a JSON object, not ${describe(body)}`);
  for (const key in body) {
    if (key !== "model" && key !== "features" && key !== "instances") {
      refuse(
        "field-unknown",
        `"${key}" is no field of a prediction${didYouMean(key, fields) || `; it has ${listNames(fields)}`}`,
      );
    }
  }
  const { model, features, instances } = body;
  if (model !== undefined && typeof model !== "string") {
    refuse("model-not-string", `"model" must be a string, not ${describe(model)}`);
  }
  const name = typeof model === "string" ? model : null;
  if ((features === undefined) === (instances === undefined)) {
    const got = features === undefined ? "neither" : "both";
    refuse("features-missing", `give exactly one of "features" and "instances"; got ${got}`);
  }
  if (isObject(features)) return { model: name, instances: [features], field: "features" };
  const field = features === undefined ? "instances" : "features";
  const expected = field === "features" ? "an object of values by name, or a list of rows" : "a list of rows";
  return { model: name, instances: readRows(body[field], field, expected), field };
}

function readRows(rows: unknown, field: string, expected: string): readonly unknown[] {
  if (!Array.isArray(rows)) return refuse("rows-not-list", `"${field}" must be ${expected}, not ${describe(rows)}`);
  if (rows.length === 0) refuse("batch-empty", `"${field}" is empty: give at least one row`);
  return rows;
}

/**
 * Rows to the tensors of a model's inputs, in the signature's order. A model with one input takes rows as lists of its
 * shape (scalars where it is one value a row) or, where the feature order is known, as objects by feature; a model with
 * several takes objects by input name. Throws a RequestError that names the very value.
 */
export function rowsToTensors(
  request: PredictRequest,
  model: { readonly signature: Signature; readonly featureOrder: readonly string[] | null },
  limits: { readonly maxRows: number },
): Tensor[] {
  const { instances, field } = request;
  const { inputs } = model.signature;
  if (instances.length > limits.maxRows) {
    refuse("batch-too-large", `"${field}" has ${instances.length} rows; at most ${limits.maxRows} are taken at once`);
  }
  const [only] = inputs;
  const order = model.featureOrder;
  if (inputs.length === 1 && only !== undefined) {
    const rows = order === null && instances.some(isObject) ? pickInput(instances, inputs, only, field) : instances;
    return [toTensor(only, rows, order, (row) => `${field}[${row}]`)];
  }
  return inputs.map((input, at) => {
    const values = pickInput(instances, inputs, input, field);
    return toTensor(input, values, at === 0 ? order : null, (row) => `${field}[${row}].${input.name}`);
  });
}

/** Each row's value for one input, of rows that are objects by input name. */
function pickInput(
  instances: readonly unknown[],
  inputs: readonly TensorSpec[],
  input: TensorSpec,
  field: string,
): unknown[] {
  const names = inputs.map(({ name }) => name);
  return instances.map((row, at) => {
    if (!isObject(row)) {
      const expected = `an object with the inputs ${listNames(names)}`;
      return refuse("row-not-object", `${field}[${at}]: expected ${expected}, got ${describe(row)}`);
    }
    checkNames(row, names, () => `${field}[${at}]`, "input");
    return row[input.name];
  });
}

type Place = (row: number) => string;

function toTensor(spec: TensorSpec, rows: readonly unknown[], order: readonly string[] | null, place: Place): Tensor {
  const [batch, ...inner] = spec.shape;
  if (batch === undefined) {
    const message = `input "${spec.name}" has no rows; use POST /v2/models/.../infer for this model`;
    throw new RequestError(422, "input-not-rows", message);
  }
  if (batch !== -1 && batch !== rows.length) {
    refuse("batch-size", `this model takes batches of exactly ${batch}, got ${rows.length} rows`);
  }
  const codec = codecOf(spec.datatype);
  const shape = rowShape(inner, rows[0], order, place);
  let width = 1;
  for (const size of shape) width *= size;
  const data = codec.allocate(rows.length * width);
  const fill: Fill = { codec, data, at: 0 };
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at];
    if (order !== null && isObject(row)) fillByName(fill, row, order, place, at);
    // A scalar stands for a row of one value.
    else if (width === 1 && !Array.isArray(row)) fillValue(fill, row, () => place(at));
    else if (shape.length === 1) fillRow(fill, row, width, order, place, at);
    else fillNested(fill, row, shape, 0, place(at));
  }
  return { name: spec.name, datatype: spec.datatype, shape: [rows.length, ...(inner.length === 0 ? [] : shape)], data };
}

/** Dimensions of one row; what the signature leaves open, the feature order or the first row says. */
function rowShape(
  inner: readonly number[],
  first: unknown,
  order: readonly string[] | null,
  place: Place,
): readonly number[] {
  // Nothing is open, as in most signatures.
  if (inner.length > 0 && !inner.includes(-1)) return inner;
  let value = first;
  const shape = inner.map((dimension, at) => {
    const length = Array.isArray(value) ? value.length : 1;
    value = Array.isArray(value) ? (value[0] as unknown) : undefined;
    if (dimension !== -1) return dimension;
    if (at === 0 && inner.length === 1 && order !== null) return order.length;
    if (length > 0) return length;
    const expected = `at least one value (rows have the shape [${inner.join(", ")}], -1 stands for any length)`;
    return refuse("row-empty", `${place(0)}: expected ${expected}, got an empty list`);
  });
  return shape.length === 0 ? [1] : shape;
}

interface Fill {
  readonly codec: Codec;
  readonly data: Tensor["data"];
  at: number;
}

function fillValue(fill: Fill, value: unknown, place: () => string): void {
  if (!fill.codec.put(fill.data, fill.at++, value))
    refuse("value-invalid", `${place()}: ${mismatch(fill.codec, value)}`);
}

/** On the hot path: where a value stands is only worked out for one that is refused. */
function fillRow(
  fill: Fill,
  row: unknown,
  width: number,
  order: readonly string[] | null,
  place: Place,
  at: number,
): void {
  if (!Array.isArray(row)) {
    const named = order === null ? "" : " or an object by feature name";
    const wrap = isObject(row) && order === null ? "; this model's version names no features (featureOrder)" : "";
    const expected = `expected a list of ${width} values${named}`;
    return refuse("row-invalid", `${place(at)}: ${expected}, got ${describe(row)}${wrap}`);
  }
  if (row.length !== width) {
    refuse("row-width", `${place(at)}: expected ${width} values, got ${row.length}`);
  }
  const { codec, data } = fill;
  for (let column = 0; column < width; column++) {
    if (!codec.put(data, fill.at++, row[column]))
      refuse("value-invalid", `${place(at)}[${column}]: ${mismatch(codec, row[column])}`);
  }
}

function fillByName(
  fill: Fill,
  row: Readonly<Record<string, unknown>>,
  order: readonly string[],
  place: Place,
  at: number,
): void {
  checkNames(row, order, () => place(at), "feature");
  const { codec, data } = fill;
  for (const name of order) {
    if (!codec.put(data, fill.at++, row[name]))
      refuse("value-invalid", `${place(at)}.${name}: ${mismatch(codec, row[name])}`);
  }
}

function fillNested(fill: Fill, value: unknown, shape: readonly number[], depth: number, place: string): void {
  if (depth === shape.length) return fillValue(fill, value, () => place);
  const length = shape[depth] ?? 0;
  if (!Array.isArray(value) || value.length !== length) {
    refuse(
      "row-shape",
      `${place}: expected a list of ${length} (rows have the shape [${shape.join(", ")}]), got ${describe(value)}`,
    );
  }
  value.forEach((item, at) => fillNested(fill, item, shape, depth + 1, `${place}[${at}]`));
}

/** All names that are missing or too many, in one message. */
function checkNames(
  row: Readonly<Record<string, unknown>>,
  names: readonly string[],
  place: () => string,
  kind: "feature" | "input",
): void {
  const given = Object.keys(row);
  if (given.length === names.length && names.every((name) => Object.hasOwn(row, name))) return;
  const known = new Set(names);
  const missing = names.filter((name) => !Object.hasOwn(row, name));
  const unknown = given.filter((name) => !known.has(name));
  const [first] = unknown;
  const parts = [
    ...(missing.length > 0 ? [`${missing.length === 1 ? kind : `${kind}s`} ${listNames(missing)} missing`] : []),
    ...(first === undefined
      ? []
      : [`unknown ${listNames(unknown)}${didYouMean(first, missing.length > 0 ? missing : names)}`]),
  ];
  refuse(`${kind}-names`, `${place()}: ${parts.join("; ")}`);
}
