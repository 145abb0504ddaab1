import { closeSync, openSync, readSync } from "node:fs";

/** Bytes that are looked at here and there: of a file, little more than what is looked at is read. */
export interface Bytes {
  readonly length: number;
  /** `at` is below `length`. */
  byte(at: number): number;
  slice(from: number, to: number): Uint8Array;
}

/** The part of some bytes that a message or a string takes. */
export interface Span {
  readonly bytes: Bytes;
  readonly from: number;
  readonly to: number;
}

/** A field of a protobuf message: the span of a string or message; or a number. Fixed-width fields are stepped over: null. */
export interface Field {
  readonly number: number;
  readonly value: Span | number | null;
}

/** `truncated`: the bytes end in the middle of something. `foreign`: they are no protobuf, or not of this kind. */
export class WireError extends Error {
  readonly kind: "truncated" | "foreign";

  constructor(kind: "truncated" | "foreign") {
    super(kind);
    this.kind = kind;
  }
}

/** Read at a time: headers are shorter, and between weights only a few bytes are looked at. */
const pageBytes = 32 * 1024;

/** Hands a file's bytes to `look`, without reading the whole; throws what the file system throws. */
export function withFile<Result>(path: string, length: number, look: (bytes: Bytes) => Result): Result {
  const file = openSync(path, "r");
  const page = Buffer.alloc(pageBytes);
  let start = -1;
  let filled = 0;
  const slice = (from: number, to: number): Uint8Array => {
    const bytes = Buffer.alloc(to - from);
    return bytes.subarray(0, readSync(file, bytes, 0, to - from, from));
  };
  const byte = (at: number): number => {
    if (start < 0 || at < start || at >= start + filled) {
      start = at;
      filled = readSync(file, page, 0, pageBytes, at);
    }
    const found = page[at - start];
    if (found === undefined || at >= start + filled) throw new WireError("truncated");
    return found;
  };
  try {
    return look({ length, byte, slice });
  } finally {
    closeSync(file);
  }
}

export function wholeOf(bytes: Bytes): Span {
  return { bytes, from: 0, to: bytes.length };
}

/** Walks the fields of one message (protobuf.dev/programming-guides/encoding), without copying. */
export function* fieldsOf({ bytes, from, to }: Span): Generator<Field, void> {
  let at = from;

  function varint(): number {
    let value = 0;
    for (let digit = 0; digit < 10; digit += 1) {
      if (at >= to) throw new WireError("truncated");
      const byte = bytes.byte(at);
      at += 1;
      value += (byte & 127) * 2 ** (7 * digit);
      if (byte < 128) return value;
    }
    throw new WireError("foreign");
  }

  function skip(length: number): void {
    at += length;
    if (at > to) throw new WireError("truncated");
  }

  while (at < to) {
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
        yield { number, value: { bytes, from: start, to: at } };
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

export function numberOf({ value }: Field): number {
  if (typeof value !== "number") throw new WireError("foreign");
  return value;
}

export function spanOf({ value }: Field): Span {
  if (value === null || typeof value === "number") throw new WireError("foreign");
  return value;
}

/** Longer names are nobody's: a file that says so is not what it seems. */
const maxText = 64 * 1024;

export function textOf(field: Field): string {
  const { bytes, from, to } = spanOf(field);
  if (to - from > maxText) throw new WireError("foreign");
  return new TextDecoder().decode(bytes.slice(from, to));
}

/** Of a repeated number: one by one, or packed into a field. */
export function numbersOf(field: Field): readonly number[] {
  if (typeof field.value === "number") return [field.value];
  const { bytes, from, to } = spanOf(field);
  const numbers: number[] = [];
  let value = 0;
  let digit = 0;
  for (let at = from; at < to; at += 1) {
    const byte = bytes.byte(at);
    value += (byte & 127) * 2 ** (7 * digit);
    digit += 1;
    if (byte >= 128) continue;
    numbers.push(value);
    value = 0;
    digit = 0;
  }
  return numbers;
}
