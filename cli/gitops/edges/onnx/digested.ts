import { statSync } from "node:fs";
import { fail } from "../../../../schemas/problem.ts";
import type { InspectedFile } from "../../core/ports.ts";
import { checkInputFile } from "../input-file.ts";
import { verified } from "../store/keys.ts";

export interface Digested {
  readonly file: InspectedFile;
  /** Throws a Problem where the file is no longer the one that was read. */
  readonly checkUnchanged: () => void;
}

/** The digest of a file, read in pieces; its content, to be read again later, is held against it then. */
export async function digested(
  path: string,
  { name, ...expected }: { readonly name: string; readonly what: string; readonly maxBytes: number },
): Promise<Digested> {
  const sizeBytes = await checkInputFile(path, expected);
  const before = stampOf(path);
  const hash = new Bun.CryptoHasher("sha256");
  for await (const piece of Bun.file(path).stream()) hash.update(piece);
  const sha256 = hash.digest("hex");
  const content = { size: sizeBytes, stream: () => verified(Bun.file(path).stream(), sha256, path) };
  const checkUnchanged = (): void => {
    if (stampOf(path) === before) return;
    const message = "was written to while it was looked at";
    fail({ code: "file-changed", file: path, message, hint: "wait until it is complete, then try again" });
  };
  checkUnchanged();
  return { file: { file: name, sha256, sizeBytes, content }, checkUnchanged };
}

function stampOf(path: string): string {
  const { ino, size, mtimeMs } = statSync(path);
  return `${ino} ${size} ${mtimeMs}`;
}
