import { extname } from "node:path";
import { fail } from "../../schemas/problem.ts";
import { createPool } from "./pool.ts";
import type { Row, RowSource } from "./row.ts";
import { readJson, readJsonLines, readParquet } from "./row-files.ts";
import { followRows } from "./row-stream.ts";

export interface RowOptions {
  /** The column that holds the right answer; it is not sent. Null: the column `target`, where there is one. */
  readonly label?: string | null;
  /** What `-` reads. */
  readonly input?: ReadableStream<Uint8Array>;
  /** Ends the wait for the first row of `-`; what is thrown is its reason. */
  readonly signal?: AbortSignal;
}

/**
 * Opens `source`: a Parquet file, a `.json` file (an array of objects), a `.jsonl` file (an object a line), or `-` for
 * JSON lines from `input`, which are sent from the first one on while the others still arrive. Of a file, the first
 * 100,000 rows are used. Throws a ProblemError that names the first row or line in error.
 */
export async function openRows(source: string, options: RowOptions = {}): Promise<RowSource> {
  const label = options.label ?? null;
  if (source === "-") {
    if (options.input === undefined) throw new TypeError("openRows: `-` needs an input");
    return followRows(options.input, label, options.signal);
  }
  const rows = await readFile(source, label);
  const first = rows[0];
  if (first === undefined) {
    return fail({
      code: "rows-empty",
      file: source,
      message: "holds no rows",
      hint: "give a file with at least one row",
    });
  }
  const pool = createPool();
  for (const row of rows) pool.add(row);
  return {
    description: source,
    next: () => pool.next() ?? first,
    received: () => pool.received(),
    close: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function readFile(path: string, label: string | null): Promise<readonly Row[]> {
  switch (extname(path).toLowerCase()) {
    case ".parquet":
      return readParquet(path, label);
    case ".json":
      return readJson(path, label);
    case ".jsonl":
    case ".ndjson":
      return readJsonLines(path, label);
    default:
      return fail({
        code: "rows-format",
        file: path,
        message: "the name does not say what the file holds",
        hint: "use .parquet, .json (an array of objects), .jsonl (an object a line), or - for JSON lines from standard input",
      });
  }
}
