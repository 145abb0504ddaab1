import { constants, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";

/** How long a client that is told to leave may take to say that it knows, in milliseconds. */
const hearMs = 1000;

/** The highest number that a call can have: none that is on its way is refused. */
const anyCall = 2 ** 31 - 1;

/** The connections of a server. */
export interface Sessions {
  add(session: ServerHttp2Session): void;
  /** A call begins. */
  enter(session: ServerHttp2Session, stream: ServerHttp2Stream): void;
  /** Sends the clients of all connections elsewhere, and those of new ones with their first answer. */
  leave(): void;
  /** When the last call began, by `performance.now()`; -Infinity where none ever did. */
  lastCallAt(): number;
}

interface Kept {
  /** Calls that are not over. */
  readonly calls: Set<ServerHttp2Stream>;
  /** Calls that were answered at the last look, which their callers had not taken then. */
  untaken: ReadonlySet<ServerHttp2Stream>;
  /** A ping is not answered yet. */
  isAsked: boolean;
  state: "serving" | "told" | "heard";
}

/**
 * Looks at every connection once in `lookMs`: one that has not answered a ping since the last look is closed, and a call whose
 * answer was not taken since then is reset.
 */
export function createSessions(lookMs: number): Sessions {
  const all = new Map<ServerHttp2Session, Kept>();
  let isLeaving = false;
  let lastCallAt = Number.NEGATIVE_INFINITY;
  let looking: ReturnType<typeof setInterval> | undefined;

  function forget(session: ServerHttp2Session): void {
    all.delete(session);
    if (all.size > 0) return;
    clearInterval(looking);
    looking = undefined;
  }
  return {
    add(session) {
      all.set(session, { calls: new Set(), untaken: new Set(), isAsked: false, state: "serving" });
      looking ??= setInterval(() => all.forEach((kept, one) => look(one, kept)), lookMs);
      session.once("close", () => forget(session));
    },
    enter(session, stream) {
      lastCallAt = performance.now();
      const kept = all.get(session);
      if (kept === undefined) return;
      kept.calls.add(stream);
      stream.once("close", () => {
        kept.calls.delete(stream);
        if (isLeaving) tell(session, kept);
        closeIfOver(session, kept);
      });
    },
    leave() {
      isLeaving = true;
      all.forEach((kept, session) => tell(session, kept));
    },
    lastCallAt: () => lastCallAt,
  };
}

/**
 * Tells a client to send no more calls, in two steps: whatever it sends before it has heard of it is answered. A connection
 * that is closed at once, as `session.close` does it, drops those calls.
 */
function tell(session: ServerHttp2Session, kept: Kept): void {
  if (kept.state !== "serving" || session.destroyed) return;
  kept.state = "told";
  session.goaway(constants.NGHTTP2_NO_ERROR, anyCall);
  const heard = (): void => {
    clearTimeout(impatient);
    kept.state = "heard";
    closeIfOver(session, kept);
  };
  const impatient = setTimeout(heard, hearMs);
  session.ping(heard);
}

/** Bun's `close` does not end a connection that has calls, not even when they are over. */
function closeIfOver(session: ServerHttp2Session, { state, calls }: Kept): void {
  if (state === "heard" && calls.size === 0 && !session.destroyed) session.close();
}

function look(session: ServerHttp2Session, kept: Kept): void {
  if (kept.isAsked) return session.destroy();
  kept.isAsked = true;
  session.ping(() => {
    kept.isAsked = false;
  });
  const answered = [...kept.calls].filter((stream) => stream.writableEnded);
  for (const stream of answered) if (kept.untaken.has(stream)) stream.close(constants.NGHTTP2_CANCEL);
  kept.untaken = new Set(answered);
}
