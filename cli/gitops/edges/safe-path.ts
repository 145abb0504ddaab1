import { lstatSync, realpathSync } from "node:fs";
import { basename, dirname, join, sep } from "node:path";
import { fail } from "../../../schemas/problem.ts";
import { systemReason } from "./system-error.ts";

/** Segments that would lead elsewhere, or into git's own files, on some file system. */
const forbidden = /^(\.{0,2}|\.git)$/i;

/** Stops unless `path` is a plain relative path with `/`: no `..`, nothing absolute, nothing below `.git`. */
export function checkPath(path: string): void {
  const plain = !/[\\\p{Cc}]|^[A-Za-z]:/u.test(path) && path.split("/").every((part) => !forbidden.test(part));
  if (plain) return;
  const message = `${JSON.stringify(path)} is not a plain path inside the repository`;
  fail({ code: "path-outside", message, hint: "use a relative path with `/`, without `..`" });
}

/**
 * The real place of `path` below `rootDir`; it need not exist. Symbolic links are followed as long as they stay inside;
 * a path that leaves the root, in its text or through a link, is a Problem.
 */
export function resolveInside(rootDir: string, path: string): string {
  checkPath(path);
  try {
    const root = realpathSync(rootDir);
    const place = realPlace(join(root, path));
    if (place === root || place.startsWith(root.endsWith(sep) ? root : root + sep)) return place;
  } catch (cause) {
    const message = `cannot be reached: ${systemReason(cause)}`;
    fail({ code: "path-unreachable", file: path, message, hint: "mend the folder or the symbolic link" }, { cause });
  }
  const message = "is reached through a symbolic link that leaves the repository";
  return fail({ code: "path-outside", file: path, message, hint: "replace the link by the files themselves" });
}

/**
 * With all links of the part that exists resolved. A link to nowhere throws, rather than being taken for a free name. A plain
 * file's own name needs no resolving, and must not be: one that is replaced meanwhile by another writer looks missing then.
 */
function realPlace(path: string): string {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined || found.isFile()) return join(realPlace(dirname(path)), basename(path));
  return realpathSync(path);
}
