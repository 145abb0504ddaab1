/** Messages of the Open Inference Protocol, read apart from the gateway's own code, and as leniently as a model server may. */
import type { Datatype, TensorSpec } from "../../../schemas/model-version.ts";
import { signatures, type Element, type Elements } from "./models.ts";

export interface Asked {
  readonly id: string | null;
  readonly inputs: Elements;
  readonly rows: number;
  /** In the caller's order. */
  readonly outputs: readonly { readonly name: string; readonly binary: boolean }[];
}

/** It is no JSON, which Triton takes for its own fault. */
export class NoJson extends Error {}

type Fields = Readonly<Record<string, unknown>>;

/** `jsonLength`: the header that says where binary data begins. Throws where nobody could know what is asked. */
export function readInfer(model: string, body: Uint8Array, jsonLength: string | null): Asked {
  const signature = signatures.get(model);
  if (signature === undefined) throw new Error(`unknown model: '${model}'`);
  const { json, binary } = partsOf(body, jsonLength);
  const entries = new Map(entriesOf(json["inputs"]).map((entry) => [entry["name"], entry] as const));
  if (entries.size !== signature.inputs.length) throw new Error(`${entries.size} inputs`);
  const take = taker(binary);
  const inputs = new Map<string, readonly Element[]>();
  let rows = 0;
  for (const [name, entry] of entries) {
    const spec = signature.inputs.find((one) => one.name === name);
    if (spec === undefined) throw new Error(`unexpected input '${String(name)}'`);
    const shape = shapeOf(spec, entry);
    [rows = 0] = shape;
    const elements = elementsOf(spec.datatype, entry, take);
    const count = shape.reduce((size, dimension) => size * dimension, 1);
    if (elements.length !== count) throw new Error(`${elements.length} elements in the shape ${shape.join()}`);
    inputs.set(spec.name, elements);
  }
  if (take(null).length > 0) throw new Error("bytes are left over");
  const { id, outputs } = json;
  const all = flagOf(json, "binary_data_output") ?? false;
  const wanted = outputs === undefined || outputs === null ? [] : entriesOf(outputs);
  const named = wanted.map((entry) => {
    return { name: String(entry["name"]), binary: flagOf(entry, "binary_data") ?? false };
  });
  if (named.some(({ name }) => signature.outputs.every((one) => one.name !== name))) throw new Error("unknown output");
  return {
    id: typeof id === "string" ? id : null,
    inputs,
    rows,
    outputs: named.length > 0 ? named : signature.outputs.map(({ name }) => ({ name, binary: all })),
  };
}

/** Outputs of a reply. Throws where it is none. */
export function readOutputs(
  body: Uint8Array,
  jsonLength: string | null,
): { readonly head: Fields; readonly outputs: Elements } {
  const { json, binary } = partsOf(body, jsonLength);
  const take = taker(binary);
  const outputs = entriesOf(json["outputs"]).map((entry): [string, readonly Element[]] => {
    return [String(entry["name"]), elementsOf(String(entry["datatype"]) as Datatype, entry, take)];
  });
  if (take(null).length > 0) throw new Error("bytes of the reply belong to no output");
  return { head: json, outputs: new Map(outputs) };
}

function partsOf(body: Uint8Array, jsonLength: string | null): { readonly json: Fields; readonly binary: Uint8Array } {
  const end = jsonLength === null ? body.length : Number(jsonLength);
  if (!(end <= body.length)) throw new Error(`${jsonLength} of ${body.length} bytes are JSON`);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(body.subarray(0, end)), exact);
  } catch (error) {
    throw new NoJson(String(error));
  }
  return { json: fieldsOf(json), binary: body.subarray(end) };
}

/** Triton writes whole numbers as they are, also those that no double holds. */
function exact(_: string, value: unknown, ...[context]: readonly unknown[]): unknown {
  const { source } = context as { readonly source?: string };
  const isRounded = typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value);
  return isRounded && source !== undefined && /^-?\d+$/.test(source) ? BigInt(source) : value;
}

/** The next so many bytes; null: all that are left. */
function taker(bytes: Uint8Array): (count: number | null) => Buffer {
  let at = 0;
  return (count) => {
    const end = count === null ? bytes.length : at + count;
    if (!(end >= at && end <= bytes.length)) throw new Error(`${count} bytes at ${at} of ${bytes.length}`);
    const taken = bytes.subarray(at, end);
    at = end;
    return Buffer.from(taken.buffer, taken.byteOffset, taken.length);
  };
}

function shapeOf({ shape }: TensorSpec, entry: Fields): readonly number[] {
  const given: readonly unknown[] = Array.isArray(entry["shape"]) ? entry["shape"] : [];
  const fits = given.every((size, at) => Number.isSafeInteger(size) && [-1, size].includes(shape[at]));
  if (given.length !== shape.length || !fits) throw new Error(`unexpected shape ${JSON.stringify(entry["shape"])}`);
  return given as readonly number[];
}

function elementsOf(datatype: Datatype, entry: Fields, take: (count: number) => Buffer): readonly Element[] {
  if (entry["datatype"] !== datatype) throw new Error(`datatype ${String(entry["datatype"])}`);
  const size = fieldsOf(entry["parameters"] ?? {})["binary_data_size"];
  if (size !== undefined) return unpacked(datatype, take(Number(size)));
  const { data } = entry;
  if (!Array.isArray(data)) throw new Error("no data");
  return (data.flat(Infinity) as unknown[]).map((value) => elementOf(datatype, value));
}

function elementOf(datatype: Datatype, value: unknown): Element {
  if (datatype === "BYTES" && typeof value === "string") return value;
  if (datatype === "INT64" && ["number", "bigint", "string"].includes(typeof value)) return BigInt(value as string);
  if (datatype === "FP32" && ["number", "bigint"].includes(typeof value)) {
    const number = Math.fround(Number(value));
    if (Number.isFinite(number)) return number;
  }
  throw new Error(`${String(value)} is no ${datatype}`);
}

function unpacked(datatype: Datatype, bytes: Buffer): readonly Element[] {
  if (datatype !== "BYTES") {
    const width = datatype === "FP32" ? 4 : 8;
    if (bytes.length % width !== 0) throw new Error(`${bytes.length} bytes of ${datatype}`);
    return Array.from({ length: bytes.length / width }, (_, at) =>
      datatype === "FP32" ? bytes.readFloatLE(4 * at) : bytes.readBigInt64LE(8 * at),
    );
  }
  const words: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 4 + bytes.readUInt32LE(at);
    if (end > bytes.length) throw new Error("a text is cut off");
    words.push(bytes.toString("utf8", at + 4, end));
    at = end;
  }
  return words;
}

/** Elements as binary data has them. */
export function packed(datatype: Datatype, elements: readonly Element[]): Buffer {
  return Buffer.concat(
    elements.map((element) => {
      const text = typeof element === "string" ? Buffer.from(element) : Buffer.alloc(0);
      const bytes = Buffer.alloc(datatype === "INT64" ? 8 : 4);
      if (datatype === "BYTES") bytes.writeUInt32LE(text.length);
      else if (datatype === "INT64") bytes.writeBigInt64LE(BigInt(element));
      else bytes.writeFloatLE(Number(element));
      return Buffer.concat([bytes, text]);
    }),
  );
}

function entriesOf(list: unknown): readonly Fields[] {
  if (!Array.isArray(list)) throw new Error(`${JSON.stringify(list)} is no list`);
  return (list as unknown[]).map(fieldsOf);
}

function flagOf(entry: Fields, name: string): boolean | undefined {
  const flag = fieldsOf(entry["parameters"] ?? {})[name];
  if (flag === undefined || typeof flag === "boolean") return flag;
  throw new Error(`${name} is ${JSON.stringify(flag)}`);
}

function fieldsOf(value: unknown): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw new Error(`${JSON.stringify(value)} is no object`);
}
