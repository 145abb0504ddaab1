/** Milliseconds without a request after which nobody is left to be sent away. */
const quietMs = 250;

/** Who keeps on sending after this does not choose where to by what is ready. */
const longestMs = 5000;

const lookMs = 25;

/** What of the HTTP server this needs. */
interface Server {
  reload(options: { readonly routes: object; readonly fetch: (request: Request) => Promise<Response> }): unknown;
}

/**
 * Answers as before, and closes each connection with its answer, until no more requests come. A server that stops at once
 * closes connections that its clients keep, some of them in the moment in which the next request is on its way.
 */
export async function sendAway(
  server: Server,
  handle: (request: Request) => Response | Promise<Response>,
): Promise<void> {
  let last = Number.NEGATIVE_INFINITY;
  server.reload({
    routes: {},
    fetch: async (request) => {
      last = performance.now();
      const response = await handle(request);
      response.headers.set("connection", "close");
      return response;
    },
  });
  await untilQuiet(() => last);
}

/** Takes no more connections. Those without a request are closed with the last answer: who never asks would hold up the end. */
export async function stopServer(server: {
  readonly pendingRequests: number;
  stop(closeActiveConnections?: boolean): Promise<void>;
}): Promise<void> {
  const stopped = server.stop();
  while (server.pendingRequests > 0) await Bun.sleep(lookMs);
  await server.stop(true);
  await stopped;
}

/** Resolves when nobody has come for a while, or after a few seconds. `lastAt`: when somebody came, by `performance.now()`. */
export async function untilQuiet(lastAt: () => number): Promise<void> {
  const started = performance.now();
  for (let now = started; now - Math.max(started, lastAt()) < quietMs && now - started < longestMs;) {
    await Bun.sleep(lookMs);
    now = performance.now();
  }
}
