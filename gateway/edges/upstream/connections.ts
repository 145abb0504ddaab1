import { writeRequestHead } from "../../core/http/request-head.ts";
import { UpstreamUnreachable, type UpstreamRequest } from "../../core/upstream.ts";
import { ask, connect, type ConnectionEvents, type ConnectionOptions } from "./connection.ts";
import type { Job, Transport } from "./dispatcher.ts";
import { createIdleConnections } from "./idle-connections.ts";

/** Up to here, copying a body behind its head costs less than a second write. */
const joinBytes = 64 * 1024;

/** How often a connection is tried while as many are stuck as there may be connections. */
const probeMs = 1000;

export interface ConnectionsOptions extends ConnectionOptions {
  /** For the `host` header. */
  readonly host: string;
  readonly idleMs: number;
  readonly maxConnections: number;
}

/** Plain HTTP/1.1 on connections that are kept for the next request. */
export function createConnections(options: ConnectionsOptions): Transport {
  const idle = createIdleConnections(options.idleMs);
  const mayConnect = createConnectLimit(options.maxConnections);
  const events: ConnectionEvents = {
    onIdle: (connection, { keptAliveMs }) => idle.keep(connection, keptAliveMs),
    onGone: idle.forget,
    onStale(job, touched, cause) {
      // Whether the peer acted on it before it closed, nobody knows.
      if (touched && !isRepeatable(job.request)) job.reject(cause);
      else open(job, wireOf(job.request, options.host));
    },
    onStuck: mayConnect.stuck,
  };

  function open(job: Job, wire: Uint8Array[]): void {
    if (mayConnect.now()) connect(options, events, job, wire);
    else job.reject(new UpstreamUnreachable("the upstream has taken no connection for some time"));
  }

  return {
    start(job) {
      let wire: Uint8Array[];
      try {
        wire = wireOf(job.request, options.host);
      } catch (error) {
        job.reject(error);
        return;
      }
      const kept = idle.take();
      if (kept === undefined) open(job, wire);
      else ask(kept, job, wire);
    },
    close: idle.close,
  };
}

function isRepeatable({ method, repeatable = method !== "POST" }: UpstreamRequest): boolean {
  return repeatable;
}

/** The request as it is written: in one piece, unless its body is large. Throws TypeError. */
function wireOf({ method, path, headers, body }: UpstreamRequest, host: string): Uint8Array[] {
  const bodyBytes = body?.length ?? (method === "POST" ? 0 : null);
  const head = writeRequestHead({ method, path, headers, bodyBytes }, host);
  if (body === null || body.length === 0) return [Buffer.from(head, "latin1")];
  if (body.length > joinBytes) return [Buffer.from(head, "latin1"), body];
  const wire = Buffer.allocUnsafe(head.length + body.length);
  wire.write(head, "latin1");
  wire.set(body, head.length);
  return [wire];
}

/**
 * The system goes on trying, for two minutes, to make a connection that was given up, and keeps a descriptor for it. So where
 * as many are stuck as there may be connections, only one a second is tried.
 */
function createConnectLimit(maxStuck: number) {
  let stuck = 0;
  let triedAt = Number.NEGATIVE_INFINITY;
  return {
    now(): boolean {
      const now = performance.now();
      if (stuck >= maxStuck && now < triedAt + probeMs) return false;
      triedAt = now;
      return true;
    },
    stuck(ended: Promise<unknown>): void {
      stuck++;
      void ended.then(() => stuck--);
    },
  };
}
