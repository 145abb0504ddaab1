import { openCaller, type Caller } from "./grpc.ts";
import { isOk, openConnection, requestBytes } from "./http.ts";

export interface LoadJob {
  readonly url: string;
  readonly body: string;
  /** `http` where left out, with this body; `binary`: with the bytes that the body is in base64, `grpc`: a call with them. */
  readonly as?: "http" | "binary" | "grpc";
  /** Of HTTP. */
  readonly headers?: readonly string[];
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
  const { url: address, connections, seconds } = job;
  const { promise: ended, resolve, reject } = Promise.withResolvers<number>();
  const latencies: number[] = [];
  let endsAt = Number.POSITIVE_INFINITY;

  async function start(): Promise<Caller> {
    let sentAt = 0;
    const onReply = (wrong: string | null): void => {
      const now = performance.now();
      if (wrong !== null) reject(new Error(`${address} answered ${wrong}`));
      latencies.push(now - sentAt);
      if (now >= endsAt) return resolve(now);
      caller.send();
    };
    const opened = await open(job, onReply, () => reject(new Error(`${address} closed a connection`)));
    const caller: Caller = {
      send() {
        sentAt = performance.now();
        opened.send();
      },
      close: opened.close,
    };
    return caller;
  }
  const opened = await Promise.all(Array.from({ length: connections }, start));
  const startedAt = performance.now();
  endsAt = startedAt + seconds * 1000;
  for (const connection of opened) connection.send();
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

/** `onReply` gets what is wrong with a reply; null: nothing. */
async function open(job: LoadJob, onReply: (wrong: string | null) => void, onClose: () => void): Promise<Caller> {
  const url = new URL(job.url);
  const bytes = Buffer.from(job.body, job.as === undefined || job.as === "http" ? "utf8" : "base64");
  if (job.as === "grpc") return openCaller(url, bytes, onReply, onClose);
  const wanted = job.reply === undefined ? null : Buffer.from(job.reply);
  const request = requestBytes("POST", url, bytes, job.headers);
  const connection = await openConnection(
    url,
    (head, _, data) => {
      if (!isOk(head)) onReply(head);
      else onReply(wanted === null || hasBody(data, head, wanted) ? null : `another body: ${data.toString()}`);
    },
    onClose,
  );
  return { send: () => connection.send(request), close: connection.close };
}

/** `head`: of this reply, in Latin-1, without the empty line at its end. */
function hasBody(data: Buffer, head: string, wanted: Buffer): boolean {
  const from = head.length + 4;
  return data.length === from + wanted.length && data.compare(wanted, 0, wanted.length, from) === 0;
}
