import { maxDocumentBytes } from "../../../schemas/limits.ts";
import { fail } from "../../../schemas/problem.ts";
import { root } from "../../../schemas/tree.ts";

/** YAML under environments/: documents, and files that look like documents with a wrong name, which `readTree` tells. */
export function isManifestPath(path: string): boolean {
  return path.startsWith(`${root}/`) && /\.ya?ml$/.test(path);
}

/** Stands for a document that is too large to be read: `parseManifest` refuses it by its size, as it would the real one. */
export const tooLargeText = " ".repeat(maxDocumentBytes + 1);

export function isTooLarge(bytes: number): boolean {
  return bytes > maxDocumentBytes;
}

/** Digest of all texts with their paths, whatever order they were read in. */
export function digestOf(files: ReadonlyMap<string, string>): string {
  const hasher = new Bun.CryptoHasher("sha256");
  for (const path of [...files.keys()].toSorted()) {
    const text = files.get(path) ?? "";
    hasher.update(`${path}\0${text.length}\0${text}`);
  }
  return hasher.digest("hex");
}

/** A path inside the repository: relative, no `..`, nothing that git or a shell reads as an option. */
export function checkRelative(path: string): void {
  const parts = path.split("/");
  if (
    path.startsWith("-") ||
    path.includes("\0") ||
    parts.some((part) => part === "" || part === "." || part === "..")
  ) {
    fail({
      code: "path-outside",
      file: path,
      message: "is not a path inside the repository",
      hint: "use a relative path with `/`, without `..`",
    });
  }
}
