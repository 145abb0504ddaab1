import type { ModelVersion } from "../../../schemas/model-version.ts";
import type { TritonClient } from "./client.ts";
import { lookAt, type Standing } from "./look.ts";

export interface WatchOptions {
  readonly client: TritonClient;
  /** Milliseconds between two looks at all versions. */
  readonly intervalMs: number;
  /** Milliseconds that a question may take. */
  readonly checkMs: number;
  /** Whether it is worth asking. */
  readonly isUp: () => boolean;
  /** A version has come or gone. */
  readonly onChange: () => void;
}

/** How the versions that are asked for stand at one replica. */
export interface Watch {
  add(version: ModelVersion): void;
  remove(version: ModelVersion): void;
  /** null while nobody has looked yet. */
  standing(version: ModelVersion): Standing | null;
  /** Resolves when it was looked at, which is left out where it is about to be. */
  look(version: ModelVersion): Promise<void>;
  lookAtAll(): Promise<void>;
  stop(): void;
}

/** A version that is not there is looked for again so soon, then after twice as long each time, up to the interval. */
const soonMs = 100;
/** After a version answered no made-up row it is tried again only so many intervals later. */
const intervalsOfBroken = 15;
const looksAtOnce = 2;

interface Spot {
  standing: Standing | null;
  looking: Promise<void> | null;
  /** Looks in vain one after the other. */
  misses: number;
  /** Looks again, sooner than all are looked at. */
  timer: ReturnType<typeof setTimeout> | undefined;
}

export function createWatch({ client, intervalMs, checkMs, isUp, onChange }: WatchOptions): Watch {
  const spots = new Map<ModelVersion, Spot>();
  let stopped = false;

  /** Two that ask at the same time get one answer; one that is not there has a time of its own. */
  function look(version: ModelVersion): Promise<void> {
    const spot = spots.get(version);
    if (spot === undefined || stopped || spot.timer !== undefined) return Promise.resolve();
    spot.looking ??= lookOnce(version, spot).finally(() => {
      spot.looking = null;
    });
    return spot.looking;
  }

  async function lookOnce(version: ModelVersion, spot: Spot): Promise<void> {
    const standing = await lookAt(version, client, spot.standing, checkMs);
    const changed = JSON.stringify(standing) !== JSON.stringify(spot.standing);
    spot.standing = standing;
    if (stopped || spots.get(version) !== spot) return;
    spot.misses = standing.kind === "ready" ? 0 : spot.misses + 1;
    if (standing.kind !== "ready") lookAgain(version, spot, standing.kind === "broken");
    if (changed) onChange();
  }

  function lookAgain(version: ModelVersion, spot: Spot, isBroken: boolean): void {
    const soon = Math.min(soonMs * 2 ** (spot.misses - 1), intervalMs);
    spot.timer = setTimeout(
      () => {
        spot.timer = undefined;
        if (isUp()) void look(version);
      },
      isBroken ? intervalsOfBroken * intervalMs : soon,
    );
  }

  return {
    add: (version) => void spots.set(version, { standing: null, looking: null, misses: 0, timer: undefined }),
    remove(version) {
      clearTimeout(spots.get(version)?.timer);
      spots.delete(version);
    },
    standing: (version) => spots.get(version)?.standing ?? null,
    look,
    async lookAtAll() {
      const left = [...spots.keys()];
      const some = async (): Promise<void> => {
        for (let version = left.pop(); version !== undefined; version = left.pop()) await look(version);
      };
      await Promise.all(Array.from({ length: looksAtOnce }, some));
    },
    stop() {
      stopped = true;
      for (const { timer } of spots.values()) clearTimeout(timer);
    },
  };
}
