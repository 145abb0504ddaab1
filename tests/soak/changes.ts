/** People and their mistakes, as commits on the branch that the gateway follows. */
import { commitDirectly } from "../support/git.ts";
import { riskyAt, steadyAt, steadyBroken, versionCount } from "./tree.ts";

/** What `/status` says of cuts and versions. */
export interface Status {
  readonly revision: string;
  readonly cuts: readonly { readonly model: string; readonly version: number; readonly attempt: number }[];
  readonly problems: readonly unknown[];
}

export async function statusOf(url: string): Promise<Status> {
  return (await (await fetch(`${url}/status`)).json()) as Status;
}

export interface Changes {
  /** Another version of `steady`; each third time nobody can read the document for a while before. */
  swap(): Promise<void>;
  /** A canary of `risky` where there is none, and its end where the guard has cut it. */
  roll(): Promise<void>;
  /** A canary that the guard has cut, and that git still serves. */
  leaveCut(): Promise<void>;
  /** Where a model server is asked for what is stable of `steady`. */
  served(): string;
  readonly counts: { swaps: number; broken: number; canaries: number; cuts: number };
}

const longestMs = 60_000;

/** Each change is waited for until the gateway at `url` has taken it. Throws where it does not. */
export function makeChanges(gitDir: string, url: string): Changes {
  const counts = { swaps: 0, broken: 0, canaries: 0, cuts: 0 };
  let attempt = 1;
  let steady = 1;
  let canary: { readonly version: number; readonly attempt: number } | null = null;

  const commit = (what: string, files: Record<string, string>): Promise<string> =>
    commitDirectly(gitDir, "main", files, what);

  async function until(what: string, holds: (status: Status) => boolean): Promise<void> {
    const patience = performance.now() + longestMs;
    while (!holds(await statusOf(url))) {
      if (performance.now() > patience) throw new Error(`${what}: not within ${longestMs / 1000} s`);
      await Bun.sleep(100);
    }
  }

  const served = (revision: string, what: string): Promise<void> =>
    until(what, (status) => status.revision === revision);

  async function begin(): Promise<void> {
    canary = { version: 2 + (counts.canaries % (versionCount - 1)), attempt: ++attempt };
    await served(await commit(`Canary ${canary.version} of risky`, riskyAt(canary)), "a canary");
    counts.canaries++;
  }

  const isCut = (status: Status): boolean => status.cuts.some((cut) => cut.attempt === canary?.attempt);

  return {
    counts,
    served: () => `/v2/models/steady/versions/${steady}/infer`,
    async swap() {
      if (counts.swaps % 3 === 2) {
        await commit("Break steady", steadyBroken());
        await until("a broken document", ({ problems }) =>
          problems.some((one) => JSON.stringify(one).includes("steady")),
        );
        counts.broken++;
      }
      steady = (steady % versionCount) + 1;
      const revision = await commit(`Version ${steady} of steady`, steadyAt(steady, ++attempt));
      await served(revision, "another version");
      counts.swaps++;
    },
    async roll() {
      if (canary === null) return begin();
      if (!isCut(await statusOf(url))) return;
      canary = null;
      await served(await commit("Take the canary of risky back", riskyAt(null)), "the end of a canary");
      counts.cuts++;
    },
    async leaveCut() {
      if (canary === null) await begin();
      await until("a cut", isCut);
      counts.cuts++;
    },
  };
}
