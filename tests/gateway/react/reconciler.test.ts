import { expect, test } from "bun:test";
import type { Cut } from "../../../schemas/cut.ts";
import { recheckMs } from "../../../gateway/react/pace.ts";
import type { CommitOutcome } from "../../../gateway/react/ports.ts";
import { createReconciler } from "../../../gateway/react/reconciler.ts";
import { cutOf } from "../../support/cuts.ts";
import { rolledBack } from "../../support/deployments.ts";
import { settled } from "../../support/manual-clock.ts";
import { createRig } from "../../support/reconciler-rig.ts";

const pullRequest = { number: 7, url: "https://example.test/pull/7" };

test("an open cut is committed at once, and ends when the followed branch agrees", async () => {
  const { ledger, reconciler, seen, follow } = createRig();
  ledger.put(cutOf());
  reconciler.wake();
  await settled();
  expect(seen.commits).toEqual(["fraud-3"]);
  expect(seen.refreshed).toBe(1);
  expect(ledger.list().length).toBe(1);
  follow();
  expect(ledger.list()).toEqual([]);
  expect(seen.ended).toEqual(["fraud-3"]);
});

test("a cut that comes while another is committed follows without a further wake", async () => {
  const { promise, resolve } = Promise.withResolvers<CommitOutcome>();
  const { ledger, reconciler, seen } = createRig([() => promise]);
  ledger.put(cutOf());
  reconciler.wake();
  ledger.put(cutOf({ model: "wine", version: 9 }));
  reconciler.wake();
  expect(seen.calls).toEqual(["fraud-3"]);
  resolve({ kind: "waiting", pullRequest });
  await settled();
  expect(seen.calls).toEqual(["fraud-3", "wine-9"]);
  expect(seen.most).toBe(1);
});

test("a pull request that waits for a person is looked at again at a slow pace, and ends with its merge", async () => {
  const { clock, ledger, reconciler, seen, follow } = createRig([
    () => ({ kind: "waiting", pullRequest }),
    () => ({ kind: "waiting", pullRequest }),
  ]);
  ledger.put(cutOf());
  reconciler.wake();
  await settled();
  expect(ledger.list()[0]?.state).toEqual({ kind: "waiting", pullRequest });
  await clock.advance(recheckMs - 1);
  expect(seen.calls.length).toBe(1);
  await clock.advance(1);
  expect(seen.calls.length).toBe(2);
  seen.branch = rolledBack();
  follow();
  expect(seen.ended).toEqual(["fraud-3"]);
  expect(clock.next()).toBe(null);
});

test("a rollback that a person refused stays cut and is not tried again, also after a restart", async () => {
  const { clock, ledger, reconciler, seen } = createRig([() => ({ kind: "refused", pullRequest })]);
  ledger.put(cutOf());
  reconciler.wake();
  await clock.advance(10 * recheckMs);
  reconciler.wake();
  await settled();
  expect(seen.calls.length).toBe(1);
  expect(ledger.list()[0]?.state).toEqual({ kind: "refused", pullRequest });
  expect(await reconciler.committed(cutOf(), 0)).toEqual({ kind: "refused", pullRequest });
});

test("while nothing was read from git no cut is over", async () => {
  const { ledger, reconciler, seen } = createRig();
  seen.followed = undefined;
  ledger.put(cutOf());
  reconciler.wake();
  await settled();
  expect(seen.ended).toEqual([]);
  seen.followed = null;
  reconciler.wake();
  expect(seen.ended).toEqual(["fraud-3"]);
});

test("a cut that git has made pointless is forgotten without a commit", async () => {
  const { ledger, reconciler, seen } = createRig();
  seen.followed = rolledBack();
  ledger.put(cutOf());
  reconciler.wake();
  await settled();
  expect(seen.calls).toEqual([]);
  expect(seen.ended).toEqual(["fraud-3"]);
});

test("whoever hears of an end may wake the reconciler again", async () => {
  const { ledger, reconciler, seen, clock } = createRig();
  const told: Cut[] = [];
  const again = createReconciler({
    ledger,
    commit: () => Promise.reject(new Error("not to be called")),
    deployment: () => null,
    ended: (cut) => {
      told.push(cut);
      again.wake();
    },
    refresh: async () => {},
    clock,
    random: () => 0,
    log: () => {},
  });
  ledger.put(cutOf());
  ledger.put(cutOf({ model: "wine" }));
  again.wake();
  await settled();
  expect(told.map(({ model }) => model)).toEqual(["fraud", "wine"]);
  expect(seen.calls).toEqual([]);
  await reconciler.stop();
});

test("the commit is told to who waits for it, and null after the time-out", async () => {
  const { promise, resolve } = Promise.withResolvers<CommitOutcome>();
  const { clock, ledger, reconciler } = createRig([() => promise]);
  ledger.put(cutOf());
  reconciler.wake();
  const impatient = reconciler.committed(cutOf(), 2000);
  await clock.advance(2000);
  expect(await impatient).toBe(null);
  const patient = reconciler.committed(cutOf(), 2000);
  resolve({ kind: "committed", oid: "abc", url: null });
  expect(await patient).toEqual({ kind: "committed", oid: "abc", url: null });
  expect(await reconciler.committed(cutOf(), 0)).toEqual({ kind: "committed", oid: "abc", url: null });
});

test("stopping waits for the commit that runs, and starts no other", async () => {
  const { promise, resolve } = Promise.withResolvers<CommitOutcome>();
  const { clock, ledger, reconciler, seen } = createRig([() => promise]);
  ledger.put(cutOf());
  ledger.put(cutOf({ model: "wine", version: 9 }));
  reconciler.wake();
  await settled();
  let stopped = false;
  const stopping = reconciler.stop().then(() => void (stopped = true));
  await settled();
  expect(stopped).toBe(false);
  resolve({ kind: "committed", oid: "abc", url: null });
  await stopping;
  reconciler.wake();
  await clock.advance(recheckMs);
  expect(seen.calls).toEqual(["fraud-3"]);
  expect(clock.next()).toBe(null);
});
