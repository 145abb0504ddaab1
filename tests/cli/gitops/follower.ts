import { followChange, type Followed, type FollowEnd, type FollowParts } from "../../../cli/gitops/follow-change.ts";
import type { Hub } from "./hub.ts";

interface Watched {
  readonly end: FollowEnd;
  readonly told: readonly string[];
  readonly waits: readonly number[];
}

/** Follows a change of a hub's repository with a clock of its own; the n-th wait is the time in which the n-th thing happens. */
export async function follow(
  hub: Hub,
  pull: number | null,
  happenings: readonly (() => unknown)[] = [],
  more: Partial<FollowParts & Followed> = {},
): Promise<Watched> {
  const told: string[] = [];
  const waits: number[] = [];
  let now = Date.parse("2026-11-21T08:00:00Z");
  const { environment = null, model = null, commit = null, ...parts } = more;
  const end = await followChange(
    { pull, environment, model, commit },
    {
      forge: hub.client(),
      remote: { repository: "acme/models", baseBranch: "main" },
      argocd: () => Promise.reject(new Error("no Argo CD is named")),
      gateway: () => Promise.resolve(null),
      now: () => new Date(now),
      async sleep(ms) {
        now += ms;
        await happenings[waits.push(ms) - 1]?.();
      },
      tell: (says) => void told.push(says),
      timeoutMs: 15 * 60_000,
      ...parts,
    },
  );
  return { end, told: [...new Set(told)], waits };
}
