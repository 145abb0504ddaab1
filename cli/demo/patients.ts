import type { Row, RowSource } from "../loadgen/row.ts";

/** Whose rows are sent: everybody's, or those of a morning on which only smaller tumours are seen. */
export type Part = "everyone" | "small tumours";

/** `worst_radius` from which on a tumour is not small, in the data's unit (pixels of the digitised image). */
const largeFrom = 17;

export interface Patients extends RowSource {
  /** From the next request on. */
  send(part: Part): void;
  /** How many different rows a part has. */
  size(part: Part): number;
}

/** Held-out rows in their order, again and again, all of them or a part. */
export function createPatients(rows: readonly Row[], description: string): Patients {
  const parts: Readonly<Record<Part, readonly Row[]>> = { everyone: rows, "small tumours": rows.filter(isSmall) };
  let part: Part = "everyone";
  let at = 0;
  return {
    description,
    send: (wanted) => void (part = wanted),
    size: (wanted) => parts[wanted].length,
    next() {
      const from = parts[part];
      const row = from[at++ % from.length];
      if (row === undefined) throw new RangeError(`no rows of ${part}`);
      return row;
    },
    received: () => rows.length,
    close: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** Rows on which version 3 of the example model cannot fail: its table ends at 16. */
export function isSmall({ features }: Row): boolean {
  return (
    !Array.isArray(features) && Number((features as Readonly<Record<string, unknown>>)["worst_radius"]) < largeFrom
  );
}
