import { parquetMetadata, parquetReadObjects, parquetSchema } from "hyparquet";
import { fail } from "../../schemas/problem.ts";
import { POOL_CAPACITY } from "./pool.ts";
import type { Row } from "./row.ts";
import { parseLine, reasonOf, toRow } from "./row.ts";

const LFS_POINTER = "version https://git-lfs.github.com/spec/";

/** The rows of a Parquet file (uncompressed or Snappy). `label` as in `toRow`. Throws a ProblemError. */
export async function readParquet(path: string, label: string | null): Promise<readonly Row[]> {
  const bytes = await readBytes(path);
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  let records: readonly Record<string, unknown>[];
  try {
    const metadata = parquetMetadata(file);
    const columns = parquetSchema(metadata).children.map((child) => child.element.name);
    if (label !== null && !columns.includes(label)) {
      // The reader makes no rows of an empty file; a wrong label is worth saying even then.
      toRow(Object.fromEntries(columns.map((name) => [name, 0])), label, { file: path });
    }
    records = await parquetReadObjects({ file, metadata, rowEnd: Math.min(Number(metadata.num_rows), POOL_CAPACITY) });
  } catch (error) {
    if (error instanceof Error && error.name === "ProblemError") throw error;
    const reason = error instanceof Error ? error.message : String(error);
    const packed = /compression/i.test(reason);
    return fail(
      {
        code: "rows-broken",
        file: path,
        message: `cannot be read as Parquet: ${reason}`,
        hint: packed ? "write it with Snappy compression or none" : "is it a whole Parquet file? Write it again",
      },
      { cause: error },
    );
  }
  return records.map((record, at) => toRow(record, label, { file: path, row: at + 1 }));
}

/** The rows of a JSON file that holds an array of objects. Throws a ProblemError. */
export async function readJson(path: string, label: string | null): Promise<readonly Row[]> {
  const text = new TextDecoder().decode(await readBytes(path));
  const hint = 'the file must hold an array of objects: [{"mean_radius": 11.84}, ...]';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return fail({ code: "rows-broken", file: path, message: `is no JSON: ${reasonOf(error)}`, hint }, { cause: error });
  }
  if (!Array.isArray(value)) return fail({ code: "rows-broken", file: path, message: "holds no array", hint });
  return value.slice(0, POOL_CAPACITY).map((record, at) => toRow(record, label, { file: path, row: at + 1 }));
}

/** The rows of a file with one JSON object a line; empty lines are passed over. Throws a ProblemError. */
export async function readJsonLines(path: string, label: string | null): Promise<readonly Row[]> {
  const rows: Row[] = [];
  const text = new TextDecoder().decode(await readBytes(path));
  for (const [at, line] of text.split("\n").entries()) {
    if (rows.length === POOL_CAPACITY) break;
    if (line.trim() !== "") rows.push(parseLine(line, label, path, at + 1));
  }
  return rows;
}

async function readBytes(path: string): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = await Bun.file(path).bytes();
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    const message = missing ? "there is no such file" : `cannot be read: ${reasonOf(error)}`;
    return fail(
      { code: "rows-missing", file: path, message, hint: "check the path given with --data" },
      { cause: error },
    );
  }
  if (bytes.length === 0) {
    return fail({ code: "rows-empty", file: path, message: "is empty", hint: "give a file with at least one row" });
  }
  if (new TextDecoder().decode(bytes.subarray(0, LFS_POINTER.length)) === LFS_POINTER) {
    return fail({
      code: "rows-broken",
      file: path,
      message: "is a git-lfs pointer, not the data",
      hint: "run git lfs pull",
    });
  }
  return bytes;
}
