import type { WireReader } from "./wire-reader.ts";

/** Elements of a tensor as numbers or text in the message, not as raw bytes. */
export type TypedContents =
  | { readonly field: "bool_contents"; readonly data: Uint32Array }
  | { readonly field: "int_contents"; readonly data: Int32Array }
  | { readonly field: "int64_contents"; readonly data: BigInt64Array }
  | { readonly field: "uint_contents"; readonly data: Uint32Array }
  | { readonly field: "uint64_contents"; readonly data: BigUint64Array }
  | { readonly field: "fp32_contents"; readonly data: Float32Array }
  | { readonly field: "fp64_contents"; readonly data: Float64Array }
  /** null: no UTF-8 text. */
  | { readonly field: "bytes_contents"; readonly data: readonly (string | null)[] };

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The fields of an InferTensorContents that hold something; a sound one has at most one. */
export function readContents(reader: WireReader): readonly TypedContents[] {
  const numbers = new Map<number, Growing>();
  const texts: (string | null)[] = [];
  const of = (field: number): Growing => {
    const known = numbers.get(field) ?? new Growing();
    numbers.set(field, known);
    return known;
  };
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) reader.varints((low, high) => of(1).word((low | high) === 0 ? 0 : 1));
    else if (field === 2 || field === 4) reader.varints((low) => of(field).word(low));
    else if (field === 3 || field === 5) {
      reader.varints((low, high) => {
        of(field).word(low);
        of(field).word(high);
      });
    } else if (field === 6) of(6).append(reader.fixed(4));
    else if (field === 7) of(7).append(reader.fixed(8));
    else if (field === 8) texts.push(textOf(reader.bytes()));
    else reader.skip();
  }
  const typed = [...numbers].map(([field, elements]) => typedContents(field, elements.finish()));
  if (texts.length > 0) typed.push({ field: "bytes_contents", data: texts });
  return typed.filter(({ data }) => data.length > 0);
}

function typedContents(field: number, buffer: ArrayBuffer): TypedContents {
  switch (field) {
    case 1:
      return { field: "bool_contents", data: new Uint32Array(buffer) };
    case 2:
      return { field: "int_contents", data: new Int32Array(buffer) };
    case 3:
      return { field: "int64_contents", data: new BigInt64Array(buffer) };
    case 4:
      return { field: "uint_contents", data: new Uint32Array(buffer) };
    case 5:
      return { field: "uint64_contents", data: new BigUint64Array(buffer) };
    case 6:
      return { field: "fp32_contents", data: new Float32Array(buffer) };
    default:
      return { field: "fp64_contents", data: new Float64Array(buffer) };
  }
}

function textOf(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}

/** Bytes of numbers that come one by one or in runs. Little-endian, as the wire is and every machine that Bun runs on. */
class Growing {
  #bytes = new Uint8Array(64);
  #words = new Uint32Array(this.#bytes.buffer);
  #length = 0;

  word(value: number): void {
    this.#reserve(4);
    this.#words[this.#length / 4] = value;
    this.#length += 4;
  }

  append(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  finish(): ArrayBuffer {
    return this.#bytes.buffer.slice(0, this.#length);
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    // Whole words of eight bytes, of whatever length the runs are.
    const larger = new Uint8Array(Math.max(Math.ceil(needed / 8) * 8, this.#bytes.length * 2));
    larger.set(this.#bytes);
    this.#bytes = larger;
    this.#words = new Uint32Array(larger.buffer);
  }
}
