import { readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import { fail, ProblemError, type Problem } from "../../../schemas/problem.ts";
import { size } from "../core/size.ts";
import { codeOf, systemReason } from "./system-error.ts";

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

/** Bytes of a regular file that is there, and neither empty nor too large; a Problem otherwise. Nothing of it is read. */
export async function checkInputFile(path: string, expected: Expected): Promise<number> {
  const bytes = await sizeOf(path, expected).catch((error: unknown) => fail(unreadable(path, expected, error)));
  if (bytes > 0) return bytes;
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
    const message = `has ${size(found.size)}, more than the ${size(maxBytes)} that a ${what} file may have`;
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
