import type { FileMetaData } from "hyparquet";
import { fail, ProblemError, type Problem } from "../../../schemas/problem.ts";
import { readInputFile, sha256Of, storeName } from "./input-file.ts";

/** A sample of the training data: some thousand rows are enough to see drift. */
const maxBaselineBytes = 64 * 1024 * 1024;

/** What hyparquet opens by itself, here and in the gateway. */
const codecs: readonly string[] = ["UNCOMPRESSED", "SNAPPY"];

export interface Baseline {
  /** Name in the artifact store. */
  readonly file: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly rows: number;
  readonly bytes: Uint8Array;
}

/**
 * Opens the Parquet file and decodes it once, so that whoever reads it later can. Stops with a Problem where it has no rows,
 * a compression that is not read, or lacks a column of `featureOrder` (null: its columns are not looked at).
 */
export async function readBaseline(path: string, featureOrder: readonly string[] | null): Promise<Baseline> {
  const bytes = await readInputFile(path, { what: "baseline", maxBytes: maxBaselineBytes });
  if (Buffer.from(bytes.subarray(0, 4)).toString("latin1") !== "PAR1") {
    const hint = "write it with DataFrame.to_parquet";
    fail({ code: "baseline-not-parquet", file: path, message: "is not a Parquet file", hint });
  }
  const { parquetMetadata, parquetRead, parquetSchema } = await import("hyparquet");
  const file = Uint8Array.from(bytes).buffer;
  const damaged = (cause: unknown): never => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `cannot be read as Parquet: ${reason.replaceAll(/\s+/g, " ").slice(0, 200)}`;
    return fail({ code: "baseline-damaged", file: path, message, hint: "copy it again, or write it again" }, { cause });
  };
  let metadata: FileMetaData;
  let columns: readonly Column[];
  try {
    metadata = parquetMetadata(file);
    columns = parquetSchema(metadata).children.map(({ element, children }) => ({
      name: element.name,
      flat: children.length === 0 && element.repetition_type !== "REPEATED",
    }));
  } catch (error) {
    return damaged(error);
  }
  const problems = [...contentProblems(path, metadata), ...columnProblems(path, columns, featureOrder ?? [])];
  if (problems.length > 0) throw new ProblemError(problems);
  const selected = featureOrder === null ? {} : { columns: [...featureOrder] };
  await parquetRead({ file, metadata, ...selected }).catch(damaged);
  return {
    file: storeName(path),
    sha256: sha256Of(bytes),
    sizeBytes: bytes.length,
    rows: Number(metadata.num_rows),
    bytes,
  };
}

interface Column {
  readonly name: string;
  readonly flat: boolean;
}

function contentProblems(file: string, metadata: FileMetaData): Problem[] {
  if (metadata.num_rows < 1n) {
    const hint = "give it a sample of the training data";
    return [{ code: "baseline-empty", file, message: "has no rows", hint }];
  }
  const used = metadata.row_groups.flatMap((group) => group.columns.map((column) => column.meta_data?.codec ?? ""));
  const unread = used.find((codec) => codec !== "" && !codecs.includes(codec));
  if (unread === undefined) return [];
  const hint = 'write it with compression="snappy"';
  return [{ code: "baseline-codec", file, message: `is compressed with ${unread}, which is not read`, hint }];
}

function columnProblems(file: string, columns: readonly Column[], featureOrder: readonly string[]): Problem[] {
  const names = columns.map((column) => column.name);
  return featureOrder.flatMap((feature): Problem[] => {
    const column = columns.find(({ name }) => name === feature);
    if (column?.flat === true) return [];
    const message = column ? `the column "${feature}" holds nested values` : `has no column "${feature}"`;
    const hint = `every feature is a column of its own; the file has ${listed(names)}`;
    return [{ code: "baseline-column", file, message, hint }];
  });
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return "none";
  const shown = names.slice(0, 8).join(", ");
  return names.length > 8 ? `${shown} and ${names.length - 8} more` : shown;
}
