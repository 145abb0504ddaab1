import { fieldsOf, numberOf, spanOf, textOf, type Field, type Span } from "./wire.ts";

/** An input or output as the file declares it. */
export interface DeclaredValue {
  readonly name: string;
  /** For people: `a tensor of bfloat16`, `a sequence of maps`. */
  readonly kind: string;
  /** TensorProto.DataType of a tensor; null for anything else. */
  readonly element: number | null;
  /** False for a tensor of which not even the number of dimensions is said. */
  readonly hasShape: boolean;
}

/** Field numbers of onnx.proto3: ValueInfoProto, TypeProto and the kinds of types. */
const value = { name: 1, type: 2 };
const types = { tensor: 1, sequence: 4, map: 5, opaque: 7, sparse: 8, optional: 9 };
const tensor = { element: 1, shape: 2 };
const container = { element: 1 };

/** By TensorProto.DataType. */
const names = (
  "undefined float32 uint8 int8 uint16 int16 int32 int64 string bool float16 float64 uint32 uint64 complex64 complex128 " +
  "bfloat16 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz uint4 int4 float4e2m1 float8e8m0"
).split(" ");

/** `bfloat16`, as people know it. */
export function elementName(element: number): string {
  return names[element] ?? `the datatype ${element}`;
}

/** Reads a ValueInfoProto. */
export function declaredValue(span: Span): DeclaredValue {
  let name = "";
  let type: Omit<DeclaredValue, "name"> = { kind: "nothing that is said", element: null, hasShape: false };
  for (const field of fieldsOf(span)) {
    if (field.number === value.name) name = textOf(field);
    else if (field.number === value.type) type = typeOf(spanOf(field));
  }
  return { name, ...type };
}

function typeOf(span: Span): Omit<DeclaredValue, "name"> {
  for (const field of fieldsOf(span)) {
    if (field.number === types.tensor) return tensorType(spanOf(field));
    const kind = kindOf(field);
    if (kind !== null) return { kind, element: null, hasShape: false };
  }
  return { kind: "nothing that is said", element: null, hasShape: false };
}

function kindOf(field: Field): string | null {
  switch (field.number) {
    case types.sequence:
      return `a sequence of ${isMap(field) ? "maps" : "tensors"}`;
    case types.optional:
      return "an optional value";
    case types.map:
      return "a map";
    case types.sparse:
      return "a sparse tensor";
    case types.opaque:
      return "an opaque value";
    default:
      return null;
  }
}

function isMap(sequence: Field): boolean {
  for (const field of fieldsOf(spanOf(sequence))) {
    if (field.number !== container.element) continue;
    for (const inside of fieldsOf(spanOf(field))) if (inside.number === types.map) return true;
  }
  return false;
}

function tensorType(span: Span): Omit<DeclaredValue, "name"> {
  let element = 0;
  let hasShape = false;
  for (const field of fieldsOf(span)) {
    if (field.number === tensor.element) element = numberOf(field);
    else if (field.number === tensor.shape) hasShape = true;
  }
  return { kind: `a tensor of ${elementName(element)}`, element, hasShape };
}
