import type { Row } from "./row.ts";

/**
 * The rows received so far, handed out in order: a row that was never sent comes first; when there is none, the others
 * come round again, and go on where they were after new rows came between. It holds `capacity` rows; the oldest leave.
 */
export interface Pool {
  add(row: Row): void;
  /** Undefined only while the pool is empty. */
  next(): Row | undefined;
  /** Rows added, those that have left again included. */
  received(): number;
  /** Rows that were never handed out. */
  waiting(): number;
}

/** 100,000 rows of 30 numbers are about 50 MB. */
export const POOL_CAPACITY = 100_000;

/** The caller adds no more than `capacity` rows ahead of `next`, or rows leave that were never sent. */
export function createPool(capacity = POOL_CAPACITY): Pool {
  const rows: Row[] = [];
  let received = 0;
  let fresh = 0;
  let again = 0;

  return {
    add(row) {
      rows[received % capacity] = row;
      received++;
    },
    next() {
      const oldest = Math.max(0, received - capacity);
      if (fresh < received) {
        fresh = Math.max(fresh, oldest);
        return rows[fresh++ % capacity];
      }
      if (again >= received || again < oldest) again = oldest;
      return rows[again++ % capacity];
    },
    received: () => received,
    waiting: () => received - fresh,
  };
}
