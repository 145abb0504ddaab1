import type { ReplyHead } from "./reply-head.ts";

/** A head that was read before, and its bytes: what begins with the same bytes begins with the same head. */
export interface KnownHead {
  readonly bytes: Buffer;
  readonly head: ReplyHead;
}

export function beginsWith(piece: Buffer, { bytes }: KnownHead): boolean {
  return piece.length >= bytes.length && piece.compare(bytes, 0, bytes.length, 0, bytes.length) === 0;
}

/** The body, where a piece that begins with this head holds exactly the bytes that it announces, as most do; else null. */
export function wholeBodyBehind({ bytes, head }: KnownHead, piece: Buffer, maxBytes: number): Buffer | null {
  const length = piece.length - bytes.length;
  return head.framing === length && length <= maxBytes ? piece.subarray(bytes.length) : null;
}
