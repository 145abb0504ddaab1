/** A protobuf message as a list of encoded fields; later fields follow earlier ones. Enough of the format for ONNX. */
export type Field = Uint8Array;

const text = new TextEncoder();

/** Field of wire type 0: int32, int64, enum. Negative numbers take ten bytes, as in protobuf. */
export function int(number: number, value: number | bigint): Field {
  return concat([varint(BigInt(number) << 3n), varint(BigInt.asUintN(64, BigInt(value)))]);
}

/** Field of wire type 5: float. */
export function float32(number: number, value: number): Field {
  return concat([varint((BigInt(number) << 3n) | 5n), new Uint8Array(new Float32Array([value]).buffer)]);
}

/** Field of wire type 2: bytes. */
export function bytes(number: number, value: Uint8Array): Field {
  return concat([varint((BigInt(number) << 3n) | 2n), varint(BigInt(value.length)), value]);
}

/** Field of wire type 2: a string. */
export function string(number: number, value: string): Field {
  return bytes(number, text.encode(value));
}

/** Field of wire type 2: a message inside the message. */
export function message(number: number, fields: readonly Field[]): Field {
  return bytes(number, concat(fields));
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

function varint(value: bigint): Uint8Array {
  const out: number[] = [];
  for (; value > 127n; value >>= 7n) out.push(Number(value & 127n) | 128);
  out.push(Number(value));
  return Uint8Array.from(out);
}
