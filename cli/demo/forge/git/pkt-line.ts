/** Packet lines, of which git's requests and replies are made: four hexadecimal digits of length, and what is so long. */

/** Ends a section. */
export const flush = Buffer.from("0000");

const LENGTH = 4;

export function packet(payload: string | Uint8Array): Buffer {
  const bytes = Buffer.from(payload);
  return Buffer.concat([Buffer.from((bytes.length + LENGTH).toString(16).padStart(LENGTH, "0")), bytes]);
}

export interface Section {
  readonly payloads: readonly Buffer[];
  /** Where what follows its flush starts; the end where there is none. */
  readonly end: number;
}

/** The packets from `start` to the next flush. */
export function readSection(bytes: Buffer, start = 0): Section {
  const payloads: Buffer[] = [];
  for (let at = start; at < bytes.length;) {
    const length = Number.parseInt(bytes.toString("latin1", at, at + LENGTH), 16);
    if (length === 0) return { payloads, end: at + LENGTH };
    if (!(length >= LENGTH)) throw new Error("not in git's packets");
    payloads.push(bytes.subarray(at + LENGTH, at + length));
    at += length;
  }
  return { payloads, end: bytes.length };
}
