/**
 * Writes objects as git's own loose files. Git reads them like any others; a `hash-object` for each would be most of what a
 * commit takes, and tests make thousands of commits.
 */
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deflateSync } from "node:zlib";

let written = 0;

/** Writes an object where it is not there yet, whole or not at all; answers its id. */
export function writeObject(gitDir: string, type: "blob" | "tree" | "commit", bytes: Uint8Array): string {
  const object = Buffer.concat([Buffer.from(`${type} ${bytes.length}\0`), bytes]);
  const oid = new Bun.CryptoHasher("sha1").update(object).digest("hex");
  const folder = join(gitDir, "objects", oid.slice(0, 2));
  const path = join(folder, oid.slice(2));
  if (existsSync(path)) return oid;
  mkdirSync(folder, { recursive: true });
  written += 1;
  const temporary = join(folder, `tmp_obj_${process.pid}_${written}`);
  writeFileSync(temporary, deflateSync(object, { level: 1 }), { mode: 0o444 });
  renameSync(temporary, path);
  return oid;
}
