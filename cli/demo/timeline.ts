/** Something that happened in the demo. */
export interface Moment {
  readonly what: string;
  /** Since the demo began, in milliseconds. */
  readonly atMs: number;
}

export interface Timeline {
  /** `at`: Unix time in milliseconds, for what was measured elsewhere; default now. */
  add(what: string, at?: number): void;
  /** In the order in which they happened, whenever they were told of. */
  moments(): readonly Moment[];
  /** Since the beginning, in milliseconds. */
  elapsedMs(): number;
}

/** `now`: Unix time in milliseconds. */
export function createTimeline(now: () => number): Timeline {
  const begin = now();
  const moments: Moment[] = [];
  return {
    add: (what, at = now()) => void moments.push({ what, atMs: Math.max(0, Math.round(at - begin)) }),
    moments: () => moments.toSorted((a, b) => a.atMs - b.atMs),
    elapsedMs: () => Math.round(now() - begin),
  };
}
