import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fail } from "../../schemas/problem.ts";
import { files } from "./files.ts";

/**
 * Where a file or folder of the package is on disk: `templates/project`. The executable unpacks what lies in its top folder
 * first, into the user's cache. Throws a ProblemError where that cannot be written.
 */
export function packagedFile(path: string): string {
  if (!Bun.isStandaloneExecutable) return join(import.meta.dir, "../..", path);
  const [top = ""] = path.split("/");
  return join(unpacked(top), path);
}

/** A folder of its own for these very files, made whole or not at all: many may start at once. */
function unpacked(top: string): string {
  const wanted = Object.entries(files).filter(([name]) => name.startsWith(`${top}/`));
  const cache = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "mmsp");
  // Each place has a digest of the content in its name.
  const digest = new Bun.CryptoHasher("sha256").update(JSON.stringify(wanted)).digest("hex");
  const folder = join(cache, `${top}-${digest.slice(0, 16)}`);
  if (existsSync(folder)) return folder;
  const temporary = `${folder}.${crypto.randomUUID()}`;
  try {
    for (const [name, place] of wanted) {
      const target = join(temporary, name);
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, readFileSync(place));
    }
    renameSync(temporary, folder);
  } catch (cause) {
    if (existsSync(temporary)) rmSync(temporary, { recursive: true });
    if (!existsSync(folder)) {
      const message = `cannot unpack its ${top} into ${cache}: ${cause instanceof Error ? cause.message : String(cause)}`;
      fail(
        { code: "cache-unwritable", message, hint: "name a folder that can be written in XDG_CACHE_HOME" },
        { cause },
      );
    }
  }
  return folder;
}
