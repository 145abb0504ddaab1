import { isOk, openConnection, requestBytes, type Connection } from "./http.ts";

export interface CutJob {
  /** The gateway, without a path. */
  readonly url: string;
  /** Sent to /predict on all connections. */
  readonly body: string;
  /** Sent to /alerts when the load has run for a while. */
  readonly alert: string;
  readonly token: string;
  /** The version that the alert accuses. */
  readonly version: number;
  readonly connections: number;
  readonly secondsBefore: number;
  readonly secondsAfter: number;
}

export interface CutResult {
  /** From the webhook to the last answer that the version gave, in milliseconds; null where it gave none before. */
  readonly cutMs: number | null;
  /** Median round trip of GET /health under the same load. */
  readonly healthMs: number;
  /** Answers of the version before the webhook, to see that there was something to cut. */
  readonly before: number;
  readonly alertReply: string;
}

/**
 * Loads a gateway, accuses a version in the middle, and watches who answers. One process and one clock for the load, the
 * webhook and the health checks. An answer counts when it arrives, which is later than when the version got the request.
 */
export async function probeCut(job: CutJob): Promise<CutResult> {
  const { version, connections } = job;
  const at = (path: string): URL => new URL(path, job.url);
  const predict = requestBytes("POST", at("/predict"), job.body);
  const health = requestBytes("GET", at("/health"));
  const authorization = [`authorization: Bearer ${job.token}`];
  const alert = requestBytes("POST", at("/alerts"), job.alert, authorization);
  const { promise: failed, reject } = Promise.withResolvers<never>();
  const closed = (): void => reject(new Error("the gateway closed a connection"));

  const accused = `x-mmsp-version: ${version}`;
  let before = 0;
  let alertAt: number | null = null;
  let lastAt: number | null = null;
  let running = true;
  const load = (head: string, connection: Connection): void => {
    if (!isOk(head)) reject(new Error(`/predict answered ${head}`));
    if (head.toLowerCase().includes(accused)) {
      if (alertAt === null) before += 1;
      else lastAt = performance.now();
    }
    if (running) connection.send(predict);
  };
  const trips: number[] = [];
  let askedAt = 0;
  const check = (_head: string, connection: Connection): void => {
    trips.push(performance.now() - askedAt);
    askedAt = performance.now();
    if (running) connection.send(health);
  };
  let alertReply = "none";
  const onAlert = (head: string): void => void (alertReply = head.split("\r\n")[0] ?? "");

  const loaders = await Promise.all(Array.from({ length: connections }, () => openConnection(at("/"), load, closed)));
  const checker = await openConnection(at("/"), check, closed);
  const webhook = await openConnection(at("/"), onAlert, closed);
  for (const connection of loaders) connection.send(predict);
  askedAt = performance.now();
  checker.send(health);
  await Promise.race([Bun.sleep(job.secondsBefore * 1000), failed]);
  alertAt = performance.now();
  webhook.send(alert);
  await Promise.race([Bun.sleep(job.secondsAfter * 1000), failed]);
  running = false;
  const healthMs = trips.sort((a, b) => a - b)[Math.floor(trips.length / 2)] ?? Number.NaN;
  for (const connection of [...loaders, checker, webhook]) connection.close();
  return { cutMs: before === 0 ? null : (lastAt ?? alertAt) - alertAt, healthMs, before, alertReply };
}
