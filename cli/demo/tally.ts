import type { ReplyEvent } from "../loadgen/load.ts";
import { isRight } from "../loadgen/reply.ts";
import type { Row } from "../loadgen/row.ts";
import { wilson, type Share } from "../loadgen/wilson.ts";

/** What clients saw from one moment on; it goes on counting until nobody holds it. */
export interface Count {
  /** Replies. */
  readonly total: number;
  /** Replies that are errors. */
  readonly failed: number;
  /** Requests that the gateway sent to the version first: the split. */
  attempts(version: number): number;
  /** Good answers that the version itself gave. */
  answers(version: number): number;
  /** Attempts at the version that failed: another one answered, or the client got the error. */
  failures(version: number): number;
}

/** A count that is fed with replies. */
export interface Counter extends Count {
  add(reply: ReplyEvent): void;
}

export function createCounter(): Counter {
  const attempts = new Map<string, number>();
  const answers = new Map<string, number>();
  const failures = new Map<string, number>();
  let total = 0;
  let failed = 0;
  return {
    get total() {
      return total;
    },
    get failed() {
      return failed;
    },
    attempts: (version) => attempts.get(String(version)) ?? 0,
    answers: (version) => answers.get(String(version)) ?? 0,
    failures: (version) => failures.get(String(version)) ?? 0,
    add({ version, fallbackFrom, error }) {
      total++;
      const tried = fallbackFrom ?? version;
      if (tried !== null) increment(attempts, tried);
      if (fallbackFrom !== null) increment(failures, fallbackFrom);
      if (error !== null) {
        failed++;
        if (fallbackFrom === null && version !== null) increment(failures, version);
      } else if (version !== null) increment(answers, version);
    },
  };
}

/** How many of the different held-out rows that it answered a version got right. */
export interface Accuracy {
  readonly version: number;
  readonly right: Share;
  /** Different rows that there are. */
  readonly of: number;
}

export interface Examiner {
  add(reply: ReplyEvent): void;
  results(of: number): readonly Accuracy[];
}

/** Each row counts once a version, however often it was sent: the same model gives the same answer. */
export function createExaminer(): Examiner {
  const seen = new Map<string, Map<Row, boolean>>();
  return {
    add({ version, error, prediction, row }) {
      if (version === null || error !== null || prediction === null || row.label === null) return;
      const rows = seen.get(version) ?? new Map<Row, boolean>();
      seen.set(version, rows);
      rows.set(row, isRight(prediction, row.label));
    },
    results: (of) =>
      [...seen]
        .flatMap(([version, rows]) => {
          const right = wilson([...rows.values()].filter(Boolean).length, rows.size);
          return right === null ? [] : [{ version: Number(version), right, of }];
        })
        .toSorted((a, b) => a.version - b.version),
  };
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
