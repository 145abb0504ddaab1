import { bytes, concat, float32, int, message, string, type Field } from "./protobuf.ts";

/** ONNX files for tests, written field by field after onnx.proto3 of the ONNX standard. Ready-made ones: models.ts. */

/** TensorProto.DataType. */
export const elementTypes = {
  float: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  double: 11,
  uint32: 12,
  uint64: 13,
  complex64: 14,
  bfloat16: 16,
  float8e4m3fn: 17,
  int4: 22,
} as const;
export type ElementType = keyof typeof elementTypes;

/** A string is a named dynamic dimension, null one without a name. */
export type Shape = readonly (number | string | null)[];

/** An input or output. A tensor whose shape is null has any number of dimensions. */
export type Value =
  | { readonly name: string; readonly type: ElementType; readonly shape: Shape | null }
  | {
      readonly name: string;
      readonly type: "sequence<float>" | "sequence<map<int64,float>>" | "map<int64,float>" | "optional<float>";
    };

/** A constant. Values in row-major order; `dims: []` is a scalar. */
export interface Initializer {
  readonly name: string;
  readonly type: "float" | "int64" | "bool" | "string";
  readonly dims: readonly number[];
  readonly values: readonly (number | string)[];
  /** The values are in another file, where `externalData` puts them; `length: null` leaves that to the dimensions. */
  readonly external?: { readonly location: string; readonly offset?: number; readonly length?: number | null };
}

/** Whole numbers are ints: write `float(1)` for a float attribute that has no fraction. */
export type Attribute = number | string | readonly number[] | readonly string[] | Graph | { readonly float: number };

export interface Operation {
  readonly type: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** Default: the standard operators; `ai.onnx.ml` for the classical ones. */
  readonly domain?: string;
}

export interface Graph {
  readonly operations: readonly Operation[];
  readonly initializers?: readonly Initializer[];
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
}

export interface Model {
  readonly graph: Graph;
  /** Default 8. */
  readonly irVersion?: number;
  /** domain -> version, default `{"": 17, "ai.onnx.ml": 3}`. */
  readonly opsets?: Readonly<Record<string, number>>;
  /** Default `mmsp-tests`. */
  readonly producer?: string;
  readonly producerVersion?: string;
}

/** The file that holds the model. Equal models give equal bytes. */
export function encodeModel(model: Model): Uint8Array {
  const opsets = Object.entries(model.opsets ?? { "": 17, "ai.onnx.ml": 3 });
  return concat([
    int(1, model.irVersion ?? 8),
    string(2, model.producer ?? "mmsp-tests"),
    ...(model.producerVersion === undefined ? [] : [string(3, model.producerVersion)]),
    message(7, graphFields(model.graph)),
    ...opsets.map(([domain, version]) => message(8, [string(1, domain), int(2, version)])),
  ]);
}

export function operation(
  type: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, Attribute>> = {},
  domain = "",
): Operation {
  return { type, inputs, outputs, attributes, domain };
}

export function tensor(name: string, type: ElementType, shape: Shape | null): Value {
  return { name, type, shape };
}

export function floats(name: string, dims: readonly number[], values: readonly number[]): Initializer {
  return { name, type: "float", dims, values };
}

export function int64s(name: string, dims: readonly number[], values: readonly number[]): Initializer {
  return { name, type: "int64", dims, values };
}

/** A float attribute. */
export function float(value: number): Attribute {
  return { float: value };
}

function graphFields(graph: Graph): Field[] {
  return [
    ...graph.operations.map((operation) => message(1, operationFields(operation))),
    string(2, "graph"),
    ...(graph.initializers ?? []).map((initializer) => message(5, initializerFields(initializer))),
    ...graph.inputs.map((value) => message(11, valueFields(value))),
    ...graph.outputs.map((value) => message(12, valueFields(value))),
  ];
}

function operationFields({ type, inputs, outputs, attributes = {}, domain = "" }: Operation): Field[] {
  return [
    ...inputs.map((name) => string(1, name)),
    ...outputs.map((name) => string(2, name)),
    string(4, type),
    ...Object.entries(attributes).map(([name, value]) => message(5, [string(1, name), ...attributeFields(value)])),
    string(7, domain),
  ];
}

function attributeFields(value: Attribute): Field[] {
  if (typeof value === "number") {
    return Number.isInteger(value) ? [int(3, value), int(20, 2)] : [float32(2, value), int(20, 1)];
  }
  if (typeof value === "string") return [string(4, value), int(20, 3)];
  if ("float" in value) return [float32(2, value.float), int(20, 1)];
  if ("operations" in value) return [message(6, graphFields(value)), int(20, 5)];
  if (value.some((item) => typeof item === "string")) {
    return [...value.map((item) => string(9, String(item))), int(20, 8)];
  }
  const numbers = value.map(Number);
  return numbers.every((item) => Number.isInteger(item))
    ? [...numbers.map((item) => int(8, item)), int(20, 7)]
    : [...numbers.map((item) => float32(7, item)), int(20, 6)];
}

/** What the files hold that a model keeps weights in, by their names. */
export function externalData({ graph }: Model): ReadonlyMap<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (const initializer of initializersOf(graph)) {
    if (initializer.external === undefined) continue;
    const { location, offset = 0 } = initializer.external;
    const values = rawValues(initializer);
    const before = files.get(location) ?? new Uint8Array();
    const file = new Uint8Array(Math.max(before.length, offset + values.length));
    file.set(before);
    file.set(values, offset);
    files.set(location, file);
  }
  return files;
}

/** Those of graphs inside its nodes as well. */
function initializersOf(graph: Graph): readonly Initializer[] {
  const attributes = graph.operations.flatMap((operation) => Object.values(operation.attributes ?? {}));
  const inside = attributes.flatMap((value) => {
    return typeof value === "object" && "operations" in value ? initializersOf(value) : [];
  });
  return [...(graph.initializers ?? []), ...inside];
}

function initializerFields(initializer: Initializer): Field[] {
  const { name, type, dims, values, external } = initializer;
  const head = [...dims.map((dim) => int(1, dim)), int(2, elementTypes[type]), string(8, name)];
  if (type === "string") return [...head, ...values.map((value) => string(6, String(value)))];
  const raw = rawValues(initializer);
  if (external === undefined) return [...head, bytes(9, raw)];
  const { location, offset, length = raw.length } = external;
  const entries = Object.entries({ location, offset, length: length ?? undefined });
  const said = entries.flatMap(([key, value]) =>
    value === undefined ? [] : [message(13, [string(1, key), string(2, String(value))])],
  );
  return [...head, ...said, int(14, 1)];
}

function rawValues({ type, values }: Initializer): Uint8Array {
  if (type === "string") throw new Error("strings are in the model's own file");
  const numbers = values.map(Number);
  const raw = {
    float: () => new Uint8Array(new Float32Array(numbers).buffer),
    int64: () => new Uint8Array(new BigInt64Array(numbers.map((value) => BigInt(value))).buffer),
    bool: () => Uint8Array.from(numbers),
  };
  return raw[type]();
}

function valueFields(value: Value): Field[] {
  return [string(1, value.name), message(2, typeFields(value))];
}

function typeFields(value: Value): Field[] {
  if ("shape" in value) return tensorType(value.type, value.shape);
  if (value.type === "sequence<float>") return [message(4, [message(1, tensorType("float", null))])];
  if (value.type === "optional<float>") return [message(9, [message(1, tensorType("float", null))])];
  const map = message(5, [int(1, elementTypes.int64), message(2, tensorType("float", null))]);
  return value.type === "map<int64,float>" ? [map] : [message(4, [message(1, [map])])];
}

function tensorType(type: ElementType, shape: Shape | null): Field[] {
  const dims = shape?.map((dim) =>
    message(1, dim === null ? [] : [typeof dim === "number" ? int(1, dim) : string(2, dim)]),
  );
  return [message(1, [int(1, elementTypes[type]), ...(dims ? [message(2, dims)] : [])])];
}
