import { readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import { fail, ProblemError, type Problem } from "../../../schemas/problem.ts";

/** What a file given by a person is read as. */
interface Expected {
  /** For messages: `model`, `metrics`. */
  readonly what: string;
  readonly maxBytes: number;
  /** Said where the file is missing; default: check the path. */
  readonly missingHint?: string;
}

const lfsMarker = "version https://git-lfs.github.com/spec/";

/**
 * Reads a whole regular file. Stops with a Problem where there is none, where it is a folder, a device or empty, has more
 * than `maxBytes`, may not be read, or is the pointer that git-lfs leaves in place of a file that was not downloaded.
 */
export async function readInputFile(path: string, expected: Expected): Promise<Uint8Array> {
  const problem = (code: string, message: string, hint: string): Problem => ({ code, file: path, message, hint });
  const bytes = await read(path, expected).catch((error: unknown) => fail(unreadable(path, expected, error)));
  if (bytes.length === 0) fail(problem("file-empty", "the file is empty", `write the ${expected.what} again`));
  if (isLfsPointer(bytes)) {
    const message = `is a git-lfs pointer, not the ${expected.what} itself`;
    fail(problem("file-lfs-pointer", message, "run `git lfs pull` to download the file that it stands for"));
  }
  return bytes;
}

/** Whether these bytes are the small text that git-lfs commits in place of a file. */
export function isLfsPointer(bytes: Uint8Array): boolean {
  return bytes.length < 1024 && Buffer.from(bytes).toString("latin1").startsWith(lfsMarker);
}

/** SHA-256 in lower-case hex. */
export function sha256Of(bytes: Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
}

/** The file's name as an artifact key may hold it: ASCII letters, digits, dots, dashes; `my model.onnx` -> `my-model.onnx`. */
export function storeName(path: string): string {
  const name = basename(path)
    .replaceAll(/[^A-Za-z0-9._-]+/g, "-")
    .slice(-128)
    .replace(/^[^A-Za-z0-9]+/, "");
  return name === "" ? "file" : name;
}

/** What the operating system said, for people: `permission denied (EACCES)`. */
export function systemReason(error: unknown): string {
  const code = codeOf(error);
  const known: Readonly<Record<string, string>> = {
    EACCES: "permission denied",
    EPERM: "the operation is not permitted",
    EROFS: "the file system is read-only",
    ENOSPC: "no space is left on the device",
    ENOTDIR: "a part of the path is not a folder",
    EISDIR: "there is a folder in its place",
    EEXIST: "something else is in its place",
    ELOOP: "its symbolic links go round in circles",
    ENAMETOOLONG: "the name is too long",
    EMFILE: "too many files are open",
    EIO: "the disk gave an input/output error",
  };
  if (code === null) return error instanceof Error ? error.message : String(error);
  return `${known[code] ?? "the operating system refused"} (${code})`;
}

/** `ENOENT` and its like; null for anything that the operating system did not throw. */
export function codeOf(error: unknown): string | null {
  const code = error instanceof Error && "code" in error ? error.code : null;
  return typeof code === "string" ? code : null;
}

/** Bytes of a regular file that is there, and neither empty nor too large; a Problem otherwise. Nothing of it is read. */
export async function checkInputFile(path: string, expected: Expected): Promise<number> {
  const size = await sizeOf(path, expected).catch((error: unknown) => fail(unreadable(path, expected, error)));
  if (size > 0) return size;
  return fail({
    code: "file-empty",
    file: path,
    message: "the file is empty",
    hint: `write the ${expected.what} again`,
  });
}

async function read(path: string, expected: Expected): Promise<Uint8Array> {
  await sizeOf(path, expected);
  return readFile(path);
}

async function sizeOf(path: string, { what, maxBytes }: Expected): Promise<number> {
  const found = await stat(path);
  // Opening a pipe or a device could wait for ever.
  if (!found.isFile()) {
    const [code, kind] = found.isDirectory()
      ? ["file-is-folder", "a folder"]
      : ["file-not-regular", "not a regular file"];
    fail({ code, file: path, message: `is ${kind}`, hint: `name the ${what} file itself` });
  }
  if (found.size > maxBytes) {
    const message = `has ${inMiB(found.size)}, more than the ${inMiB(maxBytes)} that a ${what} file may have`;
    fail({
      code: "file-too-large",
      file: path,
      message,
      hint: `check that this is the ${what} file, or make it smaller`,
    });
  }
  return found.size;
}

function unreadable(path: string, { what, missingHint }: Expected, error: unknown): Problem {
  if (error instanceof ProblemError) throw error;
  if (codeOf(error) === "ENOENT") {
    const hint = missingHint ?? `check the path of the ${what} file`;
    return { code: "file-missing", file: path, message: "there is no such file", hint };
  }
  return {
    code: "file-unreadable",
    file: path,
    message: `could not be read: ${systemReason(error)}`,
    hint: "check the path and its permissions",
  };
}

function inMiB(bytes: number): string {
  return bytes < 1024 * 1024 ? `${bytes} bytes` : `${(bytes / (1024 * 1024)).toFixed(1)} MiB`;
}
