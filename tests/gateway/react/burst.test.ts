import { expect, test } from "bun:test";
import { commitCuts, type CommitCutsOptions } from "../../../cli/gitops/commit-cuts.ts";
import { openCutStore } from "../../../gateway/edges/cut-store.ts";
import { createCutLedger } from "../../../gateway/react/ledger.ts";
import { createReconciler } from "../../../gateway/react/reconciler.ts";
import { runGit } from "../../support/git.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { cutParts, stableCut } from "../../cli/gitops/cut-parts.ts";
import { sampleFiles } from "../../cli/gitops/documents.ts";
import { protectedBranch, startHub, type Hub } from "../../cli/gitops/hub.ts";

const options: CommitCutsOptions = { baseBranch: "main", as: "commit", autoMerge: false, openedFor: () => null };
const cutsOf = (count: number) => Array.from({ length: count }, (_, at) => stableCut(`model-${at}`));

/** A reconciler whose committer is the shipped one, on the hub. */
function reconcilerOn(hub: Hub) {
  const ledger = createCutLedger(openCutStore(":memory:", "dev"), () => {});
  const parts = cutParts(hub);
  const reconciler = createReconciler({
    ledger,
    commit: (cuts) => commitCuts(cuts, options, parts),
    deployment: () => undefined,
    ended: () => {},
    refresh: async () => {},
    clock: createManualClock(),
    random: () => 1,
    log: () => {},
  });
  return { ledger, reconciler };
}

test("alerts for forty models, the first a moment before the others, are two commits and four calls", async () => {
  const cuts = cutsOf(40);
  await using hub = await startHub(sampleFiles(cuts.map(({ model }) => model)));
  const { ledger, reconciler } = reconcilerOn(hub);
  for (const cut of cuts) {
    ledger.put(cut);
    reconciler.wake();
  }
  const outcomes = await Promise.all(cuts.map((cut) => reconciler.committed(cut, 60_000)));
  expect(outcomes.filter((outcome) => outcome?.kind === "committed")).toHaveLength(40);
  expect(hub.server.calls).toHaveLength(4);
  expect(await runGit(hub.server.gitDir, ["log", "--format=%s", `${hub.start}..main`])).toBe(
    "Roll back 39 versions in dev\nRoll back model-0 2 in dev, version 1 serves",
  );
  await reconciler.stop();
});

test("where the branch turns out to be protected, each cut gets a pull request of its own", async () => {
  const cuts = cutsOf(3);
  await using hub = await startHub(sampleFiles(cuts.map(({ model }) => model)));
  hub.hook = protectedBranch();
  const { ledger, reconciler } = reconcilerOn(hub);
  for (const cut of cuts) ledger.put(cut);
  reconciler.wake();
  const outcomes = await Promise.all(cuts.map((cut) => reconciler.committed(cut, 60_000)));
  expect(outcomes.map((outcome) => outcome?.kind)).toEqual(["waiting", "waiting", "waiting"]);
  expect(ledger.list().map(({ state }) => (state.kind === "waiting" ? state.pullRequest.number : state))).toEqual([
    1, 2, 3,
  ]);
  expect(await hub.head("main")).toBe(hub.start);
  await reconciler.stop();
});
