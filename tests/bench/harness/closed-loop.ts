import { isOk, openConnection, requestBytes, type Connection } from "./http.ts";

export interface LoadJob {
  readonly url: string;
  readonly body: string;
  readonly connections: number;
  readonly seconds: number;
  /** The body that every reply must have, byte for byte; left out: whatever comes. */
  readonly reply?: string;
}

export interface LoadResult {
  readonly rps: number;
  readonly requests: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/**
 * Sends the body as a POST on all connections, each as soon as the last answer is there. Throws on any answer but 200, and on
 * another body than the one that is wanted.
 */
export async function runClosedLoop(job: LoadJob): Promise<LoadResult> {
  const { url: address, body, connections, seconds } = job;
  const wanted = job.reply === undefined ? null : Buffer.from(job.reply);
  const url = new URL(address);
  const request = requestBytes("POST", url, body);
  const { promise: ended, resolve, reject } = Promise.withResolvers<number>();
  const sentAt = new Map<Connection, number>();
  const latencies: number[] = [];
  let endsAt = Number.POSITIVE_INFINITY;

  function onReply(head: string, connection: Connection, data: Buffer): void {
    const now = performance.now();
    if (!isOk(head)) reject(new Error(`${address} answered ${head}`));
    if (wanted !== null && !hasBody(data, head, wanted))
      reject(new Error(`${address} answered another body: ${data.toString()}`));
    latencies.push(now - (sentAt.get(connection) ?? now));
    if (now >= endsAt) return resolve(now);
    sentAt.set(connection, now);
    connection.send(request);
  }
  const opened = await Promise.all(
    Array.from({ length: connections }, () =>
      openConnection(url, onReply, () => reject(new Error(`${address} closed a connection`))),
    ),
  );
  const startedAt = performance.now();
  endsAt = startedAt + seconds * 1000;
  for (const connection of opened) {
    sentAt.set(connection, performance.now());
    connection.send(request);
  }
  try {
    const endedAt = await ended;
    const requests = latencies.length;
    latencies.sort((a, b) => a - b);
    const quantile = (share: number): number => latencies[Math.floor(requests * share)] ?? Number.NaN;
    return {
      rps: requests / ((endedAt - startedAt) / 1000),
      requests,
      p50Ms: quantile(0.5),
      p99Ms: quantile(0.99),
    };
  } finally {
    for (const connection of opened) connection.close();
  }
}

/** `head`: of this reply, in Latin-1, without the empty line at its end. */
function hasBody(data: Buffer, head: string, wanted: Buffer): boolean {
  const from = head.length + 4;
  return data.length === from + wanted.length && data.compare(wanted, 0, wanted.length, from) === 0;
}
