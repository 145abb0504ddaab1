import type { Reply } from "./reply.ts";
import type { Row, RowSource } from "./row.ts";
import type { Sticky } from "./sticky.ts";
import type { Summary } from "./summary.ts";

export interface LoadOptions {
  /** As `parseGateway` returns it. */
  readonly gateway: string;
  /** Null: the gateway's only model. */
  readonly model: string | null;
  /** Requests per second, above 0. */
  readonly rps: number;
  /** Null or 0: until `stop` or an abort. */
  readonly durationSeconds: number | null;
  /** From sending to the end of the answer; default 10,000. */
  readonly timeoutMs?: number;
  /**
   * Requests in flight at most; default 256. What is due beyond it counts as "client overload". Bun sends no more than 256
   * at once (the others would wait unseen) unless BUN_CONFIG_MAX_HTTP_REQUESTS said more when the process started.
   */
  readonly maxInFlight?: number;
  readonly sticky?: Sticky | null;
}

export interface LoadDeps {
  readonly rows: RowSource;
  /** At once: no request is sent any more, those in flight are given up. */
  readonly signal?: AbortSignal;
  /** Called for every answer, errors with a status included; what it throws ends the run. */
  readonly onReply?: (event: ReplyEvent) => void;
}

/** One answer, as it comes in. */
export interface ReplyEvent extends Reply {
  /** Number of the request, from 0. */
  readonly k: number;
  readonly row: Row;
  /** Unix time of the answer, in milliseconds. */
  readonly atMs: number;
  /** From the time due. */
  readonly latencyMs: number;
}

export interface LoadRun {
  /** Counts so far; may be called at any time, also after the end. */
  snapshot(): Summary;
  /** Sends nothing more and waits for the answers that are under way. */
  stop(): void;
  /** Resolves when nothing is in flight any more. Rejects with what a broken row source or `onReply` threw. */
  readonly done: Promise<Summary>;
}
