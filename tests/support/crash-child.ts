/**
 * A gateway's react part as a process of its own: store in argv[2], repository in argv[3]. With `alert` in argv[4] it
 * gets an alert; at the step named in argv[5] it says so and stands still, to be killed there. Otherwise it ends when
 * no cut is open.
 */
import { writeSync } from "node:fs";
import { openCutStore } from "../../gateway/edges/cut-store.ts";
import { createCutLedger } from "../../gateway/react/ledger.ts";
import { oneByOne } from "../../gateway/react/one-by-one.ts";
import type { CutStore } from "../../gateway/core/ports.ts";
import type { Accusation } from "../../gateway/react/ports.ts";
import { createReactor, type Reactor } from "../../gateway/react/reactor.ts";
import { createReconciler, type Reconciler } from "../../gateway/react/reconciler.ts";
import { openCrashBranch } from "./crash-branch.ts";
import { cutOf } from "./cuts.ts";
import { rolledBack } from "./deployments.ts";

const [storePath = "", branchPath = "", alert = "", stopAt = ""] = process.argv.slice(2);

function say(text: string): void {
  writeSync(1, `${text}\n`);
}

function reach(step: string): void {
  if (step !== stopAt) return;
  say(`at ${step}`);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

const disk = openCutStore(storePath, "prod");
const store: CutStore = {
  ...disk,
  put(cut) {
    reach("before the cut is stored");
    disk.put(cut);
    reach("after the cut is stored");
  },
  end(cut, at) {
    reach("before the cut is ended");
    disk.end(cut, at);
    reach("after the cut is ended");
  },
};

const branch = openCrashBranch(branchPath);
let followed = branch.read();
const ledger = createCutLedger(store, () => {});
const clock = {
  now: () => Date.now(),
  after(ms: number, then: () => void) {
    const timer = setTimeout(then, ms);
    return () => clearTimeout(timer);
  },
};

const reconciler: Reconciler = createReconciler({
  ledger,
  clock,
  deployment: () => followed,
  commit: oneByOne(async (cut) => {
    // As over a network: the webhook has been answered before the first byte arrives.
    await new Promise((resolve) => setImmediate(resolve));
    reach("before the commit");
    const head = branch.head();
    if (branch.read().spec.rejected?.some(({ version }) => version === cut.version))
      return { kind: "skip", reason: "rejected" };
    const oid = branch.commit(rolledBack(), head, `roll back version ${cut.version}`);
    reach("after the commit, before its reply");
    return { kind: "committed", oid, url: null };
  }),
  async refresh() {
    reach("after the commit's reply");
    followed = branch.read();
    reconciler.wake();
  },
  ended() {
    if (ledger.list().length === 0) finish();
  },
  random: Math.random,
  log: () => {},
});

const reactor: Reactor = createReactor({
  ledger,
  view: () => null,
  decide: () => {
    if (followed.spec.rejected?.some(({ version }) => version === 3))
      return { kind: "ignore", code: "already-rejected", reason: "" };
    if (reactor.openCuts().length > 0) return { kind: "ignore", code: "already-cut", reason: "" };
    reach("after the decision");
    return { kind: "act", cut: cutOf() };
  },
  applyCuts: () => reach("after the traffic has moved"),
  wake: () => reconciler.wake(),
  log: () => {},
});

function finish(): void {
  say("done");
  process.exit(0);
}

say(`open at start: ${reactor.openCuts().length}`);
if (alert === "alert") {
  const accusation: Accusation = {
    by: "alert",
    model: "fraud",
    version: 3,
    environment: "prod",
    action: null,
    status: "firing",
    startsAt: null,
    reason: "bad",
    evidence: {},
  };
  if (reactor.accuse(accusation).acknowledged) say("acknowledged");
}
reconciler.wake();
if (reactor.openCuts().length === 0) finish();
