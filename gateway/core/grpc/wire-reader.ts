/** The bytes are not the protobuf message that they should be. `message` is for whoever sent them. */
export class WireError extends Error {
  override readonly name = "WireError";
}

/** How a field's value is written (protobuf.dev/programming-guides/encoding); groups, 3 and 4, are nobody's any more. */
const wire = { varint: 0, fixed64: 1, lengthDelimited: 2, fixed32: 5 } as const;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Walks one protobuf message, field by field: `next`, then the value that the field should have, or `skip`. Bytes are views
 * of those given. Throws a WireError wherever the bytes end too early or hold another kind of value; nothing is allocated by
 * what they merely claim.
 */
export class WireReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;
  #field = 0;
  #wire = -1;
  /** The halves of the varint that was read last. */
  #low = 0;
  #high = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Number of the next field; 0 at the end. */
  next(): number {
    if (this.#at === this.#bytes.length) return 0;
    this.#varint();
    this.#field = this.#low >>> 3;
    this.#wire = this.#low & 7;
    if (this.#field === 0 || this.#high !== 0) throw new WireError("a field has no valid number");
    return this.#field;
  }

  /** Steps over the value of a field that nobody asked for. */
  skip(): void {
    if (this.#wire === wire.varint) this.#varint();
    else if (this.#wire === wire.fixed64) this.#take(8);
    else if (this.#wire === wire.lengthDelimited) this.#take(this.#length());
    else if (this.#wire === wire.fixed32) this.#take(4);
    else throw new WireError(`field ${this.#field} has the unknown wire type ${this.#wire}`);
  }

  bool(): boolean {
    this.#expect(wire.varint);
    this.#varint();
    return (this.#low | this.#high) !== 0;
  }

  int64(): bigint {
    this.#expect(wire.varint);
    this.#varint();
    return (BigInt(this.#high | 0) << 32n) | BigInt(this.#low);
  }

  uint64(): bigint {
    return BigInt.asUintN(64, this.int64());
  }

  double(): number {
    this.#expect(wire.fixed64);
    return this.#view.getFloat64(this.#take(8), true);
  }

  bytes(): Uint8Array {
    this.#expect(wire.lengthDelimited);
    const length = this.#length();
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  text(): string {
    const bytes = this.bytes();
    try {
      return utf8.decode(bytes);
    } catch {
      throw new WireError(`field ${this.#field} is no UTF-8 text`);
    }
  }

  /** The message in this field. */
  message(): WireReader {
    return new WireReader(this.bytes());
  }

  /** Numbers of a repeated field, one or packed; each is handed on as the low and the high half of a varint. */
  varints(put: (low: number, high: number) => void): void {
    this.#each(wire.varint, () => {
      this.#varint();
      put(this.#low, this.#high);
    });
  }

  /** Where the numbers of a repeated field of four or eight bytes each are, one or packed. */
  fixed(size: 4 | 8): Uint8Array {
    const single = size === 4 ? wire.fixed32 : wire.fixed64;
    if (this.#wire === single) {
      const start = this.#take(size);
      return this.#bytes.subarray(start, start + size);
    }
    const packed = this.bytes();
    if (packed.length % size !== 0) throw new WireError(`field ${this.#field} ends in the middle of a number`);
    return packed;
  }

  #each(single: number, read: () => void): void {
    if (this.#wire === single) return read();
    this.#expect(wire.lengthDelimited);
    const end = this.#length() + this.#at;
    if (end > this.#bytes.length) this.#cutOff();
    while (this.#at < end) read();
    if (this.#at !== end) throw new WireError(`field ${this.#field} ends in the middle of a number`);
  }

  #expect(expected: number): void {
    if (this.#wire !== expected) throw new WireError(`field ${this.#field} has another type than its message says`);
  }

  #length(): number {
    this.#varint();
    if (this.#high !== 0) this.#cutOff();
    return this.#low;
  }

  #take(length: number): number {
    const start = this.#at;
    if (length > this.#bytes.length - start) this.#cutOff();
    this.#at += length;
    return start;
  }

  #varint(): void {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) this.#cutOff();
      this.#at += 1;
      const bits = byte & 127;
      if (shift < 32) low |= bits << shift;
      // The fifth byte has bits of both halves.
      if (shift === 28) high |= bits >>> 4;
      else if (shift > 28) high |= bits << (shift - 32);
      if (byte < 128) {
        this.#low = low >>> 0;
        this.#high = high >>> 0;
        return;
      }
    }
    throw new WireError("a number has more than ten bytes");
  }

  #cutOff(): never {
    throw new WireError("it ends in the middle of a field");
  }
}
