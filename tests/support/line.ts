/** The line between a gateway and a forge: it passes everything on, and can hold a call at a moment that a test names. */

/** Where a call is held: before it reaches the forge, or after it took effect there and before its reply is delivered. */
export type Moment = "before" | "after";

export interface LineCall {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

export interface Line extends AsyncDisposable {
  readonly origin: string;
  /** Holds the first such call from now on, for good; resolves when it has come. */
  hold(moment: Moment, matches: (call: LineCall) => boolean): Promise<void>;
  /** Nothing more is held; what is held stays so. */
  letPass(): void;
}

interface Hold {
  readonly moment: Moment;
  readonly matches: (call: LineCall) => boolean;
  readonly came: () => void;
}

export function openLine(target: string): Line {
  let hold: Hold | null = null;

  async function pause(moment: Moment, call: LineCall): Promise<void> {
    if (hold === null || hold.moment !== moment || !hold.matches(call)) return;
    const { came } = hold;
    hold = null;
    came();
    await Promise.withResolvers<never>().promise;
  }

  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      const bytes = await request.arrayBuffer();
      const body = new TextDecoder().decode(bytes);
      const call = { method: request.method, path: pathname + search, body };
      await pause("before", call);
      const init = { method: request.method, headers: request.headers, decompress: false };
      const reply = await fetch(target + call.path, bytes.byteLength === 0 ? init : { ...init, body: bytes });
      const answer = await reply.arrayBuffer();
      await pause("after", call);
      return new Response(answer, { status: reply.status, headers: reply.headers });
    },
  });
  return {
    origin: `http://127.0.0.1:${server.port}`,
    hold(moment, matches) {
      const { promise, resolve } = Promise.withResolvers<void>();
      hold = { moment, matches, came: resolve };
      return promise;
    },
    letPass: () => void (hold = null),
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}
