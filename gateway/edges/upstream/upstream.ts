import type { Upstream, UpstreamOptions } from "../../core/upstream.ts";
import { createConnections } from "./connections.ts";
import { createDispatcher, type Transport } from "./dispatcher.ts";
import { createOverFetch } from "./over-fetch.ts";

/** Heads of replies, and how many headers: four times what model servers send. */
const headLimits = { maxHeadBytes: 16 * 1024, maxHeaders: 100 } as const;

/** Nothing is connected before the first request. Throws TypeError for what is no origin over http or https. */
export function createUpstream(options: UpstreamOptions): Upstream {
  const url = new URL(options.url);
  const { maxConnections = 32, maxQueue = 128 } = options;
  const isOrigin = url.pathname === "/" && url.search === "" && url.hash === "" && url.username === "";
  if (!isOrigin || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new TypeError("an upstream is the origin of an http: or https: address");
  }
  const dispatcher = createDispatcher(transportTo(url, options, maxConnections), {
    maxRunning: maxConnections,
    maxQueue,
  });
  return {
    url: url.origin,
    send: dispatcher.send,
    get inFlight() {
      return dispatcher.inFlight;
    },
    close: dispatcher.close,
  };
}

function transportTo(url: URL, options: UpstreamOptions, maxConnections: number): Transport {
  const { firstByteMs = Number.POSITIVE_INFINITY, maxReplyBytes = 64 * 1024 * 1024 } = options;
  if (url.protocol === "https:") {
    const { fetch: ask = fetch } = options;
    return createOverFetch({ url: url.origin, fetch: ask, firstByteMs, maxBodyBytes: maxReplyBytes });
  }
  const { connectMs = 1000, idleMs = 4000 } = options;
  return createConnections({
    hostname: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: Number(url.port || 80),
    host: url.host,
    connectMs,
    firstByteMs,
    idleMs,
    maxConnections,
    limits: { ...headLimits, maxBodyBytes: maxReplyBytes },
  });
}
