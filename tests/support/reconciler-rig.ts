import type { Cut } from "../../schemas/cut.ts";
import type { ModelDeployment } from "../../schemas/model-deployment.ts";
import { openCutStore } from "../../gateway/edges/cut-store.ts";
import { createCutLedger } from "../../gateway/react/ledger.ts";
import { oneByOne } from "../../gateway/react/one-by-one.ts";
import type { CommitOutcome, Committer, CutLedger } from "../../gateway/react/ports.ts";
import { createReconciler, type Reconciler } from "../../gateway/react/reconciler.ts";
import { breakable, type BreakableStore } from "./broken-store.ts";
import { deploymentOf, rolledBack } from "./deployments.ts";
import { createManualClock, type ManualClock } from "./manual-clock.ts";

/** One try of the committer: runs, fails, or answers instead of the plain commit. */
export type Answer = (commit: () => CommitOutcome) => CommitOutcome | Promise<CommitOutcome>;

/** What a fake repository has seen. */
export interface Seen {
  readonly calls: string[];
  readonly commits: string[];
  readonly ended: string[];
  refreshed: number;
  atOnce: number;
  /** Most commits that ran at once. */
  most: number;
  /** What git says of fraud, and what the gateway knows of that. */
  branch: ModelDeployment;
  followed: ModelDeployment | null | undefined;
}

export interface Rig {
  readonly clock: ManualClock;
  readonly store: BreakableStore;
  readonly ledger: CutLedger;
  readonly reconciler: Reconciler;
  readonly seen: Seen;
  /** The gateway reads the branch. */
  readonly follow: () => void;
}

/**
 * A branch with a committer that plans from what the branch says, as the real one does; `answers` are run before it,
 * one a call, and may throw or answer themselves. What the gateway follows lags behind until `followed` is called. Cuts are
 * committed one by one, unless `together` makes another committer of the one that is handed to it.
 */
export function createRig(
  answers: readonly Answer[] = [],
  together?: (commit: (cut: Cut) => Promise<CommitOutcome>) => Committer,
): Rig {
  const clock = createManualClock();
  const store = breakable(openCutStore(":memory:", "prod"));
  const ledger = createCutLedger(store, () => {});
  const seen: Seen = {
    calls: [],
    commits: [],
    ended: [],
    refreshed: 0,
    atOnce: 0,
    most: 0,
    branch: deploymentOf(),
    followed: deploymentOf(),
  };
  const queue = [...answers];
  const commit = async (cut: Cut): Promise<CommitOutcome> => {
    seen.calls.push(`${cut.model}-${cut.version}`);
    seen.most = Math.max(seen.most, (seen.atOnce += 1));
    const plan = (): CommitOutcome => {
      if (seen.branch.spec.rejected?.some(({ version }) => version === cut.version))
        return { kind: "skip", reason: "rejected" };
      seen.commits.push(`${cut.model}-${cut.version}`);
      if (cut.version === 3) seen.branch = rolledBack();
      return { kind: "committed", oid: `oid-${seen.commits.length}`, url: null };
    };
    try {
      return await (queue.shift() ?? ((commit) => commit()))(plan);
    } finally {
      seen.atOnce -= 1;
    }
  };
  const reconciler = createReconciler({
    ledger,
    commit: together?.(commit) ?? oneByOne(commit),
    deployment: (model) => (model === "fraud" ? seen.followed : undefined),
    ended: (cut) => void seen.ended.push(`${cut.model}-${cut.version}`),
    refresh: async () => void (seen.refreshed += 1),
    clock,
    random: () => 1,
    log: () => {},
  });
  function follow(): void {
    seen.followed = seen.branch;
    reconciler.wake();
  }
  return { clock, store, ledger, reconciler, seen, follow };
}
