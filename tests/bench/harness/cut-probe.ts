import { isOk, openConnection, requestBytes, type OnReply } from "./http.ts";

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
  /** From the webhook to the last request that the version got, in milliseconds; null where it got none before. */
  readonly cutMs: number | null;
  /** From the webhook to the last answer that the version gave. */
  readonly lastAnswerMs: number;
  /** Median round trip of GET /health under the same load. */
  readonly healthMs: number;
  /** Answers of the version before the webhook, to see that there was something to cut. */
  readonly before: number;
  readonly alertReply: string;
}

/**
 * Loads a gateway, accuses a version in the middle, and watches who answers. One process and one clock for the load, the
 * webhook and the health checks. When the version got a request is told by its answer: it arrived, less the time that the
 * gateway says it took. What delays an answer on its way to us makes that later, never earlier.
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
  let lastGotAt = 0;
  let lastAnswerAt = 0;
  let running = true;
  const load: OnReply = (head, connection, data) => {
    if (!isOk(head)) reject(new Error(`/predict answered ${head}`));
    if (head.toLowerCase().includes(accused)) {
      if (alertAt === null) before += 1;
      else {
        lastAnswerAt = performance.now();
        lastGotAt = Math.max(lastGotAt, lastAnswerAt - latencyMs(data));
      }
    }
    if (running) connection.send(predict);
  };
  const trips: number[] = [];
  let askedAt = 0;
  const check: OnReply = (_head, connection) => {
    trips.push(performance.now() - askedAt);
    askedAt = performance.now();
    if (running) connection.send(health);
  };
  let alertReply = "none";
  const onAlert: OnReply = (head) => void (alertReply = head.split("\r\n")[0] ?? "");

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
  const cutMs = before === 0 ? null : Math.max(0, lastGotAt - alertAt);
  return { cutMs, lastAnswerMs: Math.max(0, lastAnswerAt - alertAt), healthMs, before, alertReply };
}

/** How long the gateway says that an answer took it. */
function latencyMs(reply: Buffer): number {
  const told = /"latency_ms": *([\d.]+)/.exec(reply.toString("latin1"))?.[1];
  if (told === undefined) throw new Error("an answer without latency_ms");
  return Number(told);
}
