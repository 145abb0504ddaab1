const utf8 = new TextEncoder();

/** Writes one protobuf message, field by field. As proto3 has it, what is empty, zero or false is left out. */
export class WireWriter {
  #bytes = new Uint8Array(256);
  #at = 0;

  bool(field: number, value: boolean): void {
    if (!value) return;
    this.#varint(field << 3);
    this.#varint(1);
  }

  /** A whole number from 0, of whatever width. */
  uint(field: number, value: number): void {
    if (value === 0) return;
    this.#varint(field << 3);
    this.#varint(value);
  }

  text(field: number, value: string): void {
    if (value !== "") this.bytes(field, utf8.encode(value));
  }

  /** Written also where it is empty: a repeated field has one for each. */
  texts(field: number, values: readonly string[]): void {
    for (const value of values) this.bytes(field, utf8.encode(value));
  }

  bytes(field: number, value: Uint8Array): void {
    this.#varint((field << 3) | 2);
    this.#varint(value.length);
    this.#reserve(value.length);
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
  }

  /** A repeated int64, packed. Numbers from -1, as shapes have them. */
  int64s(field: number, values: readonly number[]): void {
    if (values.length === 0) return;
    this.message(field, (inner) => {
      for (const value of values) inner.#int64(value);
    });
  }

  message(field: number, write: (inner: WireWriter) => void): void {
    this.#varint((field << 3) | 2);
    const start = this.#at;
    write(this);
    // Its length goes before it, and is only known now.
    const length = this.#at - start;
    this.#varint(length);
    const prefix = this.#at - start - length;
    this.#bytes.copyWithin(start + prefix, start, start + length);
    this.#at = start;
    this.#varint(length);
    this.#at += length;
  }

  /** What was written. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }

  #int64(value: number): void {
    if (value >= 0) return this.#varint(value);
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest > 127n; rest >>= 7n) this.#byte(Number(rest & 127n) | 128);
    this.#byte(Number(rest));
  }

  #varint(value: number): void {
    let rest = value;
    for (; rest > 127; rest = Math.floor(rest / 128)) this.#byte((rest % 128) | 128);
    this.#byte(rest);
  }

  #byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#at] = value;
    this.#at += 1;
  }

  #reserve(more: number): void {
    const needed = this.#at + more;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = larger;
  }
}
