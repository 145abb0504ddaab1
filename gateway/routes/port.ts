import type { RequestError } from "../core/errors.ts";
import type { Health } from "../core/health.ts";
import type { RoutingTable } from "../core/route.ts";
import type { Statistics } from "../core/statistics.ts";
import type { Answer, Call } from "../predict.ts";
import type { ReadAlert } from "../react/alerts.ts";
import type { AlertResult } from "../react/judge-alert.ts";

/** What the routes need. Handed in by main.ts, or by a test. */
export interface Gateway {
  table(): RoutingTable;
  health(): Health;
  predict<Reply>(call: Call<Reply>): Promise<Answer<Reply>>;
  /** Decides on each alert; waits at most 2 s for the commits. */
  alerts(alerts: readonly ReadAlert[]): Promise<readonly AlertResult[]>;
  readonly alertsToken: string | null;
  /** A webhook was refused before its alerts were read. */
  onAlertsRefused(error: RequestError): void;
  status(): object;
  /** Since the start, in whole seconds. */
  uptimeSeconds(): number;
  readonly statistics: Pick<Statistics, "of">;
  scrape(): Promise<{ readonly body: string; readonly contentType: string }>;
  reload(): Promise<void>;
  maxBodyBytes(): number;
  /** What the client got, for the metrics. */
  onReply(model: string, code: number): void;
  /** A bug or an outside failure, for the log; the client gets a fixed message, and the request's id. */
  onError(error: unknown, requestId: string): void;
}
