import { isOk, openConnection, requestBytes, type Connection } from "./http.ts";

export interface LoadJob {
  readonly url: string;
  readonly body: string;
  readonly connections: number;
  readonly seconds: number;
}

export interface LoadResult {
  readonly rps: number;
  readonly requests: number;
  readonly p50Ms: number;
}

/** Sends the body as a POST on all connections, each as soon as the last answer is there. Throws on any answer but 200. */
export async function runClosedLoop({ url: address, body, connections, seconds }: LoadJob): Promise<LoadResult> {
  const url = new URL(address);
  const request = requestBytes("POST", url, body);
  const { promise: ended, resolve, reject } = Promise.withResolvers<number>();
  const sentAt = new Map<Connection, number>();
  const latencies: number[] = [];
  let endsAt = Number.POSITIVE_INFINITY;

  function onReply(head: string, connection: Connection): void {
    const now = performance.now();
    if (!isOk(head)) reject(new Error(`${address} answered ${head}`));
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
    const p50Ms = latencies.sort((a, b) => a - b)[Math.floor(requests / 2)] ?? Number.NaN;
    return { rps: requests / ((endedAt - startedAt) / 1000), requests, p50Ms };
  } finally {
    for (const connection of opened) connection.close();
  }
}
