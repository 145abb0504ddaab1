import type { Datatype } from "../../schemas/model-version.ts";
import { describe } from "./words.ts";
import { elements, type TensorData } from "../../schemas/tensor.ts";

/** JSON values to tensor elements and back, for one datatype. */
export interface Codec {
  /** What a value must be, for messages: `a whole number from 0 to 255`. */
  readonly expects: string;
  allocate(count: number): TensorData;
  /** Stores a JSON value; false where it is not what the datatype takes. */
  put(data: TensorData, at: number, value: unknown): boolean;
  /** The JSON value of an element; undefined where JSON has none (NaN, infinities). */
  get(data: TensorData, at: number): unknown;
}

type FloatArray = Float32Array | Float64Array;
type IntegerArray = Int8Array | Int16Array | Int32Array | Uint8Array | Uint16Array | Uint32Array;
type BigArray = BigInt64Array | BigUint64Array;

/**
 * JSON has no 16-bit numbers; the protocol lets a server round what it gets to them or refuse it. They are rounded, so that
 * every model can be asked by hand; who needs every bit sends binary data.
 */
const codecs: Readonly<Record<Datatype, Codec>> = {
  BOOL: {
    expects: "true or false",
    allocate: elements.BOOL.allocate,
    put(data, at, value) {
      if (typeof value !== "boolean") return false;
      (data as Uint8Array)[at] = value ? 1 : 0;
      return true;
    },
    get: (data, at) => (data as Uint8Array)[at] !== 0,
  },
  UINT8: integer(0, 2 ** 8 - 1, elements.UINT8.allocate),
  UINT16: integer(0, 2 ** 16 - 1, elements.UINT16.allocate),
  UINT32: integer(0, 2 ** 32 - 1, elements.UINT32.allocate),
  UINT64: bigInteger(0n, 2n ** 64n - 1n, elements.UINT64.allocate),
  INT8: integer(-(2 ** 7), 2 ** 7 - 1, elements.INT8.allocate),
  INT16: integer(-(2 ** 15), 2 ** 15 - 1, elements.INT16.allocate),
  INT32: integer(-(2 ** 31), 2 ** 31 - 1, elements.INT32.allocate),
  INT64: bigInteger(-(2n ** 63n), 2n ** 63n - 1n, elements.INT64.allocate),
  FP16: half(),
  BF16: brain(),
  FP32: floating("a finite 32-bit number", elements.FP32.allocate),
  FP64: floating("a finite number", elements.FP64.allocate),
  BYTES: {
    expects: "a string",
    allocate: elements.BYTES.allocate,
    put(data, at, value) {
      if (typeof value !== "string") return false;
      (data as string[])[at] = value;
      return true;
    },
    get: (data, at) => data[at],
  },
};

export function codecOf(datatype: Datatype): Codec {
  return codecs[datatype];
}

/** `expected a finite 32-bit number, got null`. */
export function mismatch(codec: Codec, value: unknown): string {
  return `expected ${codec.expects}, got ${describe(value)}`;
}

/** JSON carries no NaN, but 1e999 parses to Infinity, and 1e39 is one in 32 bits: what was stored is looked at. */
function floating(expects: string, allocate: (count: number) => FloatArray): Codec {
  return {
    expects,
    allocate,
    put(data, at, value) {
      if (typeof value !== "number") return false;
      const floats = data as FloatArray;
      floats[at] = value;
      return Number.isFinite(floats[at]);
    },
    get(data, at) {
      const value = data[at];
      return Number.isFinite(value) ? value : undefined;
    },
  };
}

/** FP16 travels as its bits, in a Uint16Array. */
function half(): Codec {
  const value = new Float16Array(1);
  const bits = new Uint16Array(value.buffer);
  return {
    expects: "a finite 16-bit number (at most 65504)",
    allocate: elements.FP16.allocate,
    put(data, at, given) {
      if (typeof given !== "number") return false;
      value[0] = given;
      (data as Uint16Array)[at] = bits[0] ?? 0;
      return Number.isFinite(value[0]);
    },
    get(data, at) {
      bits[0] = Number(data[at]);
      return Number.isFinite(value[0]) ? value[0] : undefined;
    },
  };
}

/** BF16 travels as its bits, in a Uint16Array: the upper half of the 32-bit number, rounded to even. */
function brain(): Codec {
  const value = new Float32Array(1);
  const bits = new Uint32Array(value.buffer);
  return {
    expects: "a finite 16-bit number (bfloat16)",
    allocate: elements.BF16.allocate,
    put(data, at, given) {
      if (typeof given !== "number") return false;
      value[0] = given;
      if (!Number.isFinite(value[0])) return false;
      const whole = bits[0] ?? 0;
      const rounded = (whole + 0x7fff + ((whole >>> 16) & 1)) >>> 16;
      (data as Uint16Array)[at] = rounded;
      return (rounded & 0x7f80) !== 0x7f80;
    },
    get(data, at) {
      bits[0] = Number(data[at]) << 16;
      return Number.isFinite(value[0]) ? value[0] : undefined;
    },
  };
}

function integer(least: number, most: number, allocate: (count: number) => IntegerArray): Codec {
  return {
    expects: `a whole number from ${least} to ${most}`,
    allocate,
    put(data, at, value) {
      if (!Number.isInteger(value) || (value as number) < least || (value as number) > most) return false;
      (data as IntegerArray)[at] = value as number;
      return true;
    },
    get: (data, at) => data[at],
  };
}

/** Numbers where JSON readers keep them exact, strings of digits beyond; both are taken. */
function bigInteger(least: bigint, most: bigint, allocate: (count: number) => BigArray): Codec {
  return {
    expects: `a whole number from ${least} to ${most} (beyond 2^53 as a string)`,
    allocate,
    put(data, at, value) {
      const exact = Number.isSafeInteger(value) || (typeof value === "string" && /^-?\d{1,20}$/.test(value));
      if (!exact) return false;
      const whole = BigInt(value as number | string);
      if (whole < least || whole > most) return false;
      (data as BigArray)[at] = whole;
      return true;
    },
    get(data, at) {
      const whole = data[at] as bigint;
      const number = Number(whole);
      return Number.isSafeInteger(number) ? number : String(whole);
    },
  };
}
