/** Hiccups of the model servers, one after the other: never of both at once, which nothing could hide. */
import { statusOf } from "./changes.ts";
import type { Load } from "./load.ts";
import type { Kept } from "./promises.ts";
import { hiccups, type Hiccup, type Quietly, type ShakyLine } from "./shaky-line.ts";

export interface Troubles {
  /** The next hiccup while `change` changes what is served; resolves when the replica carries `served()`, a path, again. */
  during(change: () => Promise<void>, served: () => string): Promise<void>;
  promise(): Kept;
}

/** Longer than the longest ejection and the check after it. */
const backMs = 70_000;

/** For the gateway at `url`, under this load. Throws where a replica whose trouble is over is not used again. */
export function createTroubles(lines: readonly [ShakyLine, ShakyLine], url: string, load: Load): Troubles {
  const counts = Object.fromEntries(hiccups.map((kind) => [kind, 0])) as Record<Hiccup, number>;
  // The gateway has heeded the end of a connection when it has answered something that came after it.
  const quietly: Quietly = (act) =>
    load.quietly(async () => {
      await act();
      await statusOf(url);
    });
  let nth = 0;
  let slowestMs = 0;
  return {
    async during(change, served) {
      const kind = hiccups[nth % hiccups.length] ?? "refuses";
      // Each kind comes to both of them, in turns.
      const line = lines[(nth + Math.floor(nth / hiccups.length)) % 2] ?? lines[0];
      await Promise.all([line.hiccup(kind, quietly), change()]);
      const over = performance.now();
      await within(backMs, line.carried(served()), `after "${kind}" a replica was not asked for ${served()}`);
      slowestMs = Math.max(slowestMs, performance.now() - over);
      counts[kind]++;
      nth++;
    },
    promise() {
      const ended = lines.reduce((sum, { endedIdle }) => sum + endedIdle, 0);
      const came = hiccups.map((kind) => `${counts[kind]} ${kind}`).join(", ");
      return {
        promise: "replicas had every hiccup, and were used again",
        kept: ended > 0 && Object.values(counts).every((count) => count > 0),
        figure: `${came}; ${ended} idle connections ended; used after ${(slowestMs / 1000).toFixed(1)} s at most`,
      };
    },
  };
}

async function within(ms: number, done: Promise<void>, otherwise: string): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`${otherwise} within ${ms / 1000} s`)), ms);
  try {
    await Promise.race([done, late]);
  } finally {
    clearTimeout(timer);
  }
}
