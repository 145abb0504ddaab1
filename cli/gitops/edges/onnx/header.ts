/** What stands at the top of an ONNX file, read without decoding the weights. Field numbers: onnx.proto3, ModelProto. */
export interface Header {
  readonly irVersion: number;
  /** `producer_name producer_version`, as far as they are there. */
  readonly producer: string | null;
  /** Domain -> version; the standard operators' domain is `ai.onnx`, as people know it. */
  readonly opsets: ReadonlyMap<string, number>;
  /** Names of weights that the file keeps in other files beside it. */
  readonly external: readonly string[];
}

/** `foreign`: not an ONNX model at all. `truncated`: begins as one, but ends too early. */
type ReadHeader =
  | { readonly kind: "header"; readonly header: Header }
  | { readonly kind: "foreign" }
  | { readonly kind: "truncated" };

const model = { irVersion: 1, producer: 2, producerVersion: 3, graph: 7, opset: 8 };
const opset = { domain: 1, version: 2 };
const graph = { initializer: 5 };
const weights = { name: 8, externalData: 13 };

/** Reads the header, in one pass over the outermost fields and those of the graph: weights are stepped over. */
export function readHeader(bytes: Uint8Array): ReadHeader {
  const opsets = new Map<string, number>();
  const external: string[] = [];
  const header = { irVersion: 0, producer: "", producerVersion: "" };
  let graphs = 0;
  try {
    for (const field of fieldsOf(bytes)) {
      if (field.number === model.irVersion) header.irVersion = numberOf(field);
      else if (field.number === model.producer) header.producer = textOf(field);
      else if (field.number === model.producerVersion) header.producerVersion = textOf(field);
      else if (field.number === model.opset) opsets.set(...opsetOf(bytesOf(field)));
      else if (field.number === model.graph) {
        external.push(...externalOf(bytesOf(field)));
        graphs += 1;
      }
    }
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return { kind: error.kind === "truncated" && header.irVersion > 0 ? "truncated" : "foreign" };
  }
  if (header.irVersion === 0) return { kind: "foreign" };
  // A file that was cut between two fields is well-formed, but has lost its graph or, behind it, its operators' versions.
  if (graphs === 0 || opsets.size === 0) return { kind: "truncated" };
  const producer = `${header.producer} ${header.producerVersion}`.trim();
  return {
    kind: "header",
    header: { irVersion: header.irVersion, producer: producer === "" ? null : producer, opsets, external },
  };
}

function opsetOf(bytes: Uint8Array): [string, number] {
  let domain = "";
  let version = 0;
  for (const field of fieldsOf(bytes)) {
    if (field.number === opset.domain) domain = textOf(field);
    else if (field.number === opset.version) version = numberOf(field);
  }
  return [domain === "" ? "ai.onnx" : domain, version];
}

function externalOf(bytes: Uint8Array): string[] {
  const names: string[] = [];
  for (const field of fieldsOf(bytes)) {
    if (field.number !== graph.initializer) continue;
    const inside = [...fieldsOf(bytesOf(field))];
    if (!inside.some((part) => part.number === weights.externalData)) continue;
    const name = inside.find((part) => part.number === weights.name);
    names.push(name === undefined ? "" : textOf(name));
  }
  return names;
}

/** A field of a protobuf message: bytes of a string or message; or a number. Fixed-width fields are stepped over: null. */
interface Field {
  readonly number: number;
  readonly value: Uint8Array | number | null;
}

class WireError extends Error {
  readonly kind: "truncated" | "foreign";

  constructor(kind: "truncated" | "foreign") {
    super(kind);
    this.kind = kind;
  }
}

/** Walks the fields of one message (protobuf.dev/programming-guides/encoding), without copying. */
function* fieldsOf(bytes: Uint8Array): Generator<Field> {
  let at = 0;

  function varint(): number {
    let value = 0;
    for (let digit = 0; digit < 10; digit += 1) {
      const byte = bytes[at];
      if (byte === undefined) throw new WireError("truncated");
      at += 1;
      value += (byte & 127) * 2 ** (7 * digit);
      if (byte < 128) return value;
    }
    throw new WireError("foreign");
  }

  function skip(length: number): void {
    at += length;
    if (at > bytes.length) throw new WireError("truncated");
  }

  while (at < bytes.length) {
    const tag = varint();
    const number = Math.floor(tag / 8);
    if (number === 0) throw new WireError("foreign");
    switch (tag % 8) {
      case 0:
        yield { number, value: varint() };
        break;
      case 1:
        skip(8);
        yield { number, value: null };
        break;
      case 2: {
        const length = varint();
        const start = at;
        skip(length);
        yield { number, value: bytes.subarray(start, at) };
        break;
      }
      case 5:
        skip(4);
        yield { number, value: null };
        break;
      default:
        throw new WireError("foreign");
    }
  }
}

function numberOf(field: Field): number {
  if (typeof field.value !== "number") throw new WireError("foreign");
  return field.value;
}

function bytesOf(field: Field): Uint8Array {
  if (!(field.value instanceof Uint8Array)) throw new WireError("foreign");
  return field.value;
}

function textOf(field: Field): string {
  return new TextDecoder().decode(bytesOf(field));
}
