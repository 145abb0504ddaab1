import { fail } from "../../schemas/problem.ts";
import type { Pool } from "./pool.ts";
import { createPool, POOL_CAPACITY } from "./pool.ts";
import type { Row, RowSource } from "./row.ts";
import { parseLine } from "./row.ts";

const NAME = "standard input";
/** Rows read ahead of the requests; beyond it the writer waits. Well under the pool's capacity, so no row is lost unsent. */
const READ_AHEAD = POOL_CAPACITY / 10;
/** A stream without line ends must not fill the memory. */
const LONGEST_LINE = 1024 * 1024;

/** The part that Bun's and Node's types of a stream's reader have in common. */
interface Reader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  cancel(): Promise<void>;
}

interface Follower {
  readonly pool: Pool;
  /** What went wrong, once something did. */
  failure: unknown;
  closed: boolean;
  /** Lets the reader go on after it had read far enough ahead. */
  wake: () => void;
}

/**
 * JSON lines from a stream. Resolves with the first row; afterwards rows join the pool as they arrive. A line that
 * cannot be read stops the reading, and `next` throws the problem. When the stream ends, its rows go on coming round.
 */
export async function followRows(
  input: ReadableStream<Uint8Array>,
  label: string | null,
  signal?: AbortSignal,
): Promise<RowSource> {
  signal?.throwIfAborted();
  const reader = input.getReader();
  const follower: Follower = { pool: createPool(), failure: undefined, closed: false, wake: () => undefined };
  const first = Promise.withResolvers<void>();
  const close = async (): Promise<void> => {
    follower.closed = true;
    follower.wake();
    // Cancelling fails when the other end broke first: nothing is left to let go of then.
    await reader.cancel().catch(() => undefined);
    await ended;
  };
  const ended = readAll(reader, follower, label, first.resolve)
    .catch((error: unknown) => {
      follower.failure = error;
      void reader.cancel().catch(() => undefined);
    })
    .finally(first.resolve);
  const onAbort = (): void => void close();
  signal?.addEventListener("abort", onAbort, { once: true });
  await first.promise;
  signal?.removeEventListener("abort", onAbort);
  signal?.throwIfAborted();
  if (follower.failure !== undefined) throw follower.failure;
  if (follower.pool.received() === 0) {
    return fail({
      code: "rows-empty",
      file: NAME,
      message: "ended without a row",
      hint: "write one JSON object a line",
    });
  }
  return {
    description: NAME,
    next: () => nextRow(follower),
    received: () => follower.pool.received(),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function nextRow(follower: Follower): Row {
  if (follower.failure !== undefined) throw follower.failure;
  const row = follower.pool.next();
  if (row === undefined) throw new Error("rows were asked for before the first one came");
  if (follower.pool.waiting() < READ_AHEAD) follower.wake();
  return row;
}

async function readAll(reader: Reader, follower: Follower, label: string | null, onRow: () => void): Promise<void> {
  const decoder = new TextDecoder();
  let number = 0;
  let rest = "";
  const take = async (line: string): Promise<void> => {
    number++;
    if (line.trim() === "") return;
    follower.pool.add(parseLine(line, label, NAME, number));
    onRow();
    if (follower.pool.waiting() >= READ_AHEAD) await room(follower);
  };
  for (;;) {
    const { done, value } = await reader.read();
    if (follower.closed) return;
    rest += done ? decoder.decode() : decoder.decode(value, { stream: true });
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (follower.closed) return;
      await take(line);
    }
    if (done) return take(rest);
    if (rest.length > LONGEST_LINE) {
      return fail({
        code: "rows-broken",
        file: NAME,
        line: number + 1,
        message: "a line of over 1 MiB",
        hint: "write one row a line",
      });
    }
  }
}

function room(follower: Follower): Promise<void> {
  if (follower.closed) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  follower.wake = resolve;
  return promise;
}
