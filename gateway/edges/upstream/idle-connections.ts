import { createAlarm } from "./alarm.ts";
import { destroy, type Connection } from "./connection.ts";

/** A peer that says how long it waits may count from another moment than we do. */
const marginMs = 1000;

interface IdleConnections {
  /** `saidMs`: how long the peer says it will wait for a request; null where it does not say. */
  keep(connection: Connection, saidMs: number | null): void;
  take(): Connection | undefined;
  forget(connection: Connection): void;
  close(): void;
}

/**
 * The one used last is taken first: so those that are not needed grow old and are closed, and the others are as young as can
 * be when the peer closes what it finds idle.
 */
export function createIdleConnections(idleMs: number): IdleConnections {
  let idle: Connection[] = [];
  const sweep = createAlarm((now) => {
    const old = idle.filter(({ usableUntil }) => usableUntil <= now);
    idle = idle.filter(({ usableUntil }) => usableUntil > now);
    old.forEach(destroy);
    return Math.min(...idle.map(({ usableUntil }) => usableUntil));
  });

  function take(): Connection | undefined {
    const kept = idle.pop();
    // The sweep comes late where something held up the event loop.
    if (kept === undefined || kept.usableUntil > performance.now()) return kept;
    destroy(kept);
    return take();
  }

  return {
    keep(connection, saidMs) {
      const said = saidMs === null ? Number.POSITIVE_INFINITY : saidMs - Math.min(marginMs, saidMs / 2);
      connection.usableUntil = performance.now() + Math.min(idleMs, said);
      idle.push(connection);
      sweep.by(connection.usableUntil);
    },
    take,
    forget(connection) {
      idle = idle.filter((other) => other !== connection);
    },
    close() {
      sweep.stop();
      idle.splice(0).forEach(destroy);
    },
  };
}
