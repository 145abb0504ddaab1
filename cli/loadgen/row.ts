import { fail } from "../../schemas/problem.ts";

export type Cell = number | string;

/** What `/predict` takes: named values, or rows of values where the model's features have no names. */
export type Features = Readonly<Record<string, Cell>> | readonly (readonly Cell[])[];

/** What one request sends, and the answer that would be right, where it is known. */
export interface Row {
  readonly features: Features;
  readonly label: Cell | null;
}

/** Where requests get their rows from. Never runs dry: rows come round again, see `createPool`. */
export interface RowSource {
  /** For people: `heldout.parquet`, `standard input`, `made up from the signature of fraud`. */
  readonly description: string;
  /** The row of the next request. Throws a ProblemError once the source has turned out to be broken. */
  next(): Row;
  /** Rows received so far. */
  received(): number;
  /** Lets go of the stream, where there is one. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Taken out of the features when nobody names a label column and the rows have one of this name. */
const DEFAULT_LABEL = "target";

/** Where a row stands, for messages: the file, and the line (JSON lines) or the row (other files), from 1. */
export interface Place {
  readonly file: string;
  readonly line?: number;
  readonly row?: number;
}

/**
 * A row from a parsed record. Booleans become 1 and 0, big integers numbers where they fit exactly, dates ISO strings.
 * Throws a ProblemError for what no request could carry: null, NaN, nested values, no column at all, a label column
 * that was asked for and is not there.
 */
export function toRow(record: unknown, label: string | null, place: Place): Row {
  if (typeof record !== "object" || record === null || Array.isArray(record)) {
    return fail({
      code: "row-shape",
      ...located(place, "a row must be an object of named values"),
      hint: 'write it like {"mean_radius": 11.84, "target": 0}',
    });
  }
  const columns = Object.keys(record);
  if (label !== null && !columns.includes(label)) return failLabel(label, columns, place);
  const taken = label ?? DEFAULT_LABEL;
  const cells: [string, Cell][] = [];
  let answer: Cell | null = null;
  for (const [name, value] of Object.entries(record)) {
    // A held-out row without an answer is still a row to send; a feature without a value is not.
    if (name === taken) answer = value === null ? null : toCell(value, name, place);
    else cells.push([name, toCell(value, name, place)]);
  }
  if (cells.length === 0) {
    return fail({ code: "row-shape", ...located(place, "a row without features"), hint: "name at least one feature" });
  }
  return { features: Object.fromEntries(cells), label: answer };
}

/** A row from one line of JSON; `number` counts lines from 1. Throws a ProblemError. */
export function parseLine(line: string, label: string | null, file: string, number: number): Row {
  let record: unknown;
  try {
    record = JSON.parse(line);
  } catch (error) {
    const hint = "each line must be one whole JSON object";
    return fail(
      { code: "rows-broken", file, line: number, message: `no JSON: ${reasonOf(error)}`, hint },
      { cause: error },
    );
  }
  return toRow(record, label, { file, line: number });
}

function toCell(value: unknown, column: string, place: Place): Cell {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString();
  return fail({
    code: "row-value",
    ...located(place, `column "${column}" holds ${describe(value)}; a request carries numbers and strings`),
    hint: "fill it in, or leave the row or the column out",
  });
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return "no value";
  if (typeof value === "number") return String(value);
  return Array.isArray(value) || ArrayBuffer.isView(value) ? "a list" : "a nested value";
}

function failLabel(label: string, columns: readonly string[], place: Place): never {
  const shown = columns.slice(0, 20).join(", ");
  return fail({
    code: "label-unknown",
    ...located(place, `no column "${label}" for the label`),
    hint: `columns: ${shown}${columns.length > 20 ? ", ..." : ""}`,
  });
}

function located(place: Place, message: string): { file: string; line?: number; message: string } {
  if (place.line !== undefined) return { file: place.file, line: place.line, message };
  return { file: place.file, message: place.row === undefined ? message : `row ${place.row}: ${message}` };
}

/** What an error says, for a message's end. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
