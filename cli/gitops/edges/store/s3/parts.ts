/** A piece of an object, as it is uploaded. */
export interface Part {
  /** From 1. */
  readonly number: number;
  readonly bytes: Uint8Array;
  /** In hex. */
  readonly md5: string;
}

const MiB = 1024 ** 2;

/** S3 takes at most so many parts, of which all but the last have 5 MiB or more. */
const maxParts = 10_000;

/** Bytes of each part: the same for the same size, so that the next run cuts the file at the same places. */
export function partBytesOf(size: number): number {
  return Math.max(16 * MiB, Math.ceil(size / maxParts / MiB) * MiB);
}

/** Cuts a file into parts of the same length, whatever the pieces are in which it comes. */
export async function* partsOf(pieces: AsyncIterable<Uint8Array>, partBytes: number): AsyncGenerator<Part, void> {
  let number = 0;
  let filled = 0;
  let bytes = new Uint8Array(partBytes);
  const cut = (): Part => {
    const part = bytes.subarray(0, filled);
    bytes = new Uint8Array(partBytes);
    filled = 0;
    number += 1;
    return { number, bytes: part, md5: md5(part).toString("hex") };
  };
  for await (const piece of pieces) {
    let rest = piece;
    while (rest.length > 0) {
      const taken = rest.subarray(0, partBytes - filled);
      bytes.set(taken, filled);
      filled += taken.length;
      rest = rest.subarray(taken.length);
      if (filled === partBytes) yield cut();
    }
  }
  if (filled > 0) yield cut();
}

/** The ETag that S3 gives an object of one PUT, or of parts, unless it encrypts with keys of its own: what it has stored. */
export function etagOf(md5s: readonly string[], isMultipart: boolean): string {
  if (!isMultipart) return md5s[0] ?? "";
  return `${md5(Buffer.from(md5s.join(""), "hex")).toString("hex")}-${md5s.length}`;
}

/** Without the quotes around it. */
export function plainEtag(text: string | null): string {
  return (text ?? "").replaceAll(/^(W\/)?"|"$/g, "").toLowerCase();
}

function md5(bytes: Uint8Array): Buffer {
  return new Bun.CryptoHasher("md5").update(bytes).digest();
}
