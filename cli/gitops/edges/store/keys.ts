import { fail, ProblemError } from "../../../../schemas/problem.ts";
import type { Content } from "../../core/ports.ts";
import { isLfsPointer } from "../input-file.ts";

const keyPattern = /^sha256\/([0-9a-f]{64})\/[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** What to do about a file that a store should have. */
export const missingHint = "restore it in the artifact store, or register the model again";

/** Whether it names a file of a store, and no other thing that lies there. */
export function isKey(name: string): boolean {
  return keyPattern.test(name);
}

/** The digest in a key; keys are also paths, so that anything else stops here. */
export function digestOf(key: string): string {
  const digest = keyPattern.exec(key)?.[1];
  if (digest !== undefined) return digest;
  const message = `${JSON.stringify(key)} is no key of an artifact`;
  return fail({ code: "artifact-key", message, hint: "keys are sha256/<64 hex digits>/<file name>" });
}

/**
 * Hands the pieces of a file on and holds them against its digest: behind the last one it throws where they were others.
 * `place` is where the file is, for the message.
 */
export async function* verified(
  pieces: AsyncIterable<Uint8Array>,
  sha256: string,
  place: string,
): AsyncGenerator<Uint8Array, void> {
  const hash = new Bun.CryptoHasher("sha256");
  let head: Uint8Array = new Uint8Array();
  for await (const piece of pieces) {
    hash.update(piece);
    if (head.length < 1024) head = Buffer.concat([head, piece.subarray(0, 1024)]);
    yield piece;
  }
  checkDigest(hash.digest("hex"), sha256, place, head);
}

/** Stops unless the bytes are those of the digest. */
export function verifiedBytes(bytes: Uint8Array, sha256: string, place: string): Uint8Array {
  checkDigest(new Bun.CryptoHasher("sha256").update(bytes).digest("hex"), sha256, place, bytes);
  return bytes;
}

/** Reads to the end, for the sake of what is thrown on the way. */
export async function drain(pieces: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of pieces);
}

/** Whether a file is there with the bytes of its digest: what is damaged, or a git-lfs pointer, is to be written again. */
export async function isIntact(find: () => Promise<Content>): Promise<boolean> {
  try {
    await drain((await find()).stream());
    return true;
  } catch (error) {
    if (error instanceof ProblemError) return false;
    throw error;
  }
}

/** The whole file in memory: for those that become part of a commit. */
export async function gather(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  return Buffer.concat(await Array.fromAsync(pieces));
}

function checkDigest(actual: string, expected: string, file: string, head: Uint8Array): void {
  if (actual === expected) return;
  if (isLfsPointer(head)) {
    const hint = "run `git lfs pull` to download the file that it stands for";
    fail({ code: "file-lfs-pointer", file, message: "is a git-lfs pointer, not the artifact itself", hint });
  }
  const message = `has the sha256 ${actual}, but its key says ${expected}`;
  fail({ code: "artifact-digest", file, message, hint: "restore the original file, or register a new version" });
}
