/** What right requests must be answered. */
import type { Heard, Judge } from "./exchange.ts";
import { classify } from "./models.ts";

/** Of `/predict`, by the version that it says has answered. */
export function predictions(rows: readonly (readonly number[])[]): Judge {
  return (heard) => {
    if (heard.status !== 200) return unexpected(heard);
    const reply = JSON.parse(heard.text) as {
      predictions: unknown[];
      probabilities: unknown[][];
      model_version: string;
    };
    const expected = rows.map((row) => classify(Number(reply.model_version), row));
    return (
      differs(
        "predictions",
        reply.predictions,
        expected.map(({ label }) => label),
      ) ??
      differs(
        "probabilities",
        reply.probabilities.flat(),
        expected.flatMap(({ probabilities }) => probabilities),
      )
    );
  };
}

/** Of `infer`, likewise. */
export function classes(rows: readonly (readonly number[])[], id: string): Judge {
  return (heard) => {
    if (heard.status !== 200) return unexpected(heard);
    const reply = JSON.parse(heard.text) as { id: unknown; model_version: string };
    const { label, probabilities } = outputsOf(heard);
    const expected = rows.map((row) => classify(Number(reply.model_version), row));
    return (
      differs("id", [reply.id], [id]) ??
      differs(
        "label",
        label,
        expected.map((row) => row.label),
      ) ??
      differs(
        "probabilities",
        probabilities,
        expected.flatMap((row) => row.probabilities),
      )
    );
  };
}

/** A full line before a worker is nobody's fault; on a busy machine any model may have one. */
export function isOverload({ status, text }: Heard): boolean {
  return status === 503 && /\boverloaded\b/.test(text);
}

export function outputsOf({ text }: Heard): Record<string, unknown[] | undefined> {
  const { outputs } = JSON.parse(text) as { outputs: { name: string; data: unknown[] }[] };
  return Object.fromEntries(outputs.map(({ name, data }) => [name, data]));
}

export function unexpected({ status, text }: Heard): string {
  return `a right request got ${status}: ${text.slice(0, 300)}`;
}

/** Numbers may differ by what a float can hold. */
export function differs(
  name: string,
  got: readonly unknown[] | undefined,
  expected: readonly unknown[],
): string | null {
  const same =
    got?.length === expected.length &&
    got.every((value, at) => {
      const other = expected[at];
      if (typeof value !== "number" || typeof other !== "number" || Object.is(value, other))
        return Object.is(value, other);
      return Math.abs(value - other) <= 1e-4 * Math.max(1, Math.abs(other));
    });
  return same ? null : `${name} is ${JSON.stringify(got)}, and should be ${JSON.stringify(expected)}`;
}
