import { expect, test } from "bun:test";
import { commitDeadlineMs, recheckMs } from "../../../gateway/react/pace.ts";
import type { CommitOutcome } from "../../../gateway/react/ports.ts";
import { createReconciler } from "../../../gateway/react/reconciler.ts";
import { cutOf } from "../../support/cuts.ts";
import { settled } from "../../support/manual-clock.ts";
import { createRig } from "../../support/reconciler-rig.ts";

const throwing = (error: unknown) => () => {
  throw error;
};

test("a failed commit is tried again, each time after twice as long, up to a minute", async () => {
  const { clock, ledger, reconciler, seen } = createRig(
    Array.from({ length: 9 }, () => throwing(new Error("502\nbad gateway"))),
  );
  ledger.put(cutOf());
  reconciler.wake();
  await settled();
  const pauses: number[] = [];
  for (let tries = 0; tries < 9; tries += 1) {
    pauses.push(clock.next()!);
    await clock.advance(clock.next()!);
  }
  expect(pauses).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
  expect(seen.calls.length).toBe(10);
  expect(seen.commits).toEqual(["fraud-3"]);
});

test("the last error is kept for people, as one line, and goes with the next success", async () => {
  const { clock, ledger, reconciler } = createRig([throwing(new Error("502\nbad gateway"))]);
  ledger.put(cutOf());
  reconciler.wake();
  await settled();
  expect(ledger.list()[0]).toMatchObject({ state: { kind: "open" }, lastError: "502 bad gateway" });
  await clock.advance(500);
  expect(ledger.list()[0]?.lastError).toBe(null);
});

test("an error that a person has to mend is tried at the slowest pace", async () => {
  const error = Object.assign(new Error("the token may not write"), { retryable: false });
  const { clock, ledger, reconciler } = createRig([throwing(error)]);
  ledger.put(cutOf());
  reconciler.wake();
  await settled();
  expect(clock.next()).toBe(60_000);
});

test("a commit whose reply was lost is not made twice", async () => {
  const lost = (commit: () => CommitOutcome) => {
    commit();
    throw new Error("connection reset");
  };
  const { clock, ledger, reconciler, seen, follow } = createRig([lost]);
  ledger.put(cutOf());
  reconciler.wake();
  await clock.advance(500);
  expect(seen.calls.length).toBe(2);
  expect(seen.commits).toEqual(["fraud-3"]);
  follow();
  expect(ledger.list()).toEqual([]);
});

test("a lost reply needs no second try where the followed branch has the commit by then", async () => {
  const { promise, reject } = Promise.withResolvers<never>();
  const { clock, ledger, reconciler, seen, follow } = createRig([
    (commit) => {
      commit();
      return promise;
    },
  ]);
  ledger.put(cutOf());
  reconciler.wake();
  const told = reconciler.committed(cutOf(), 2000);
  await settled();
  follow();
  expect(seen.ended).toEqual(["fraud-3"]);
  reject(new Error("connection reset"));
  expect(await told).toEqual({ kind: "skip", reason: "git agrees already" });
  await clock.advance(recheckMs);
  expect(seen.calls.length).toBe(1);
});

test("a committer that never answers holds up the others no longer than the deadline", async () => {
  let aborted = false;
  const { clock, ledger, reconciler, seen } = createRig([() => new Promise(() => {})]);
  ledger.put(cutOf());
  ledger.put(cutOf({ model: "wine", version: 9, at: "2026-11-21T08:11:00.000Z" }));
  reconciler.wake();
  await clock.advance(commitDeadlineMs - 1);
  expect(seen.calls).toEqual(["fraud-3"]);
  await clock.advance(1);
  expect(seen.calls).toEqual(["fraud-3", "wine-9"]);
  expect(ledger.list()[0]?.lastError).toBe("no answer within 150 s");
  await clock.advance(500);
  expect(seen.commits).toEqual(["wine-9", "fraud-3"]);

  const waiting = createReconciler({
    ledger,
    commit: (_, signal) => {
      signal.addEventListener("abort", () => void (aborted = true));
      return new Promise(() => {});
    },
    deployment: () => undefined,
    ended: () => {},
    refresh: async () => {},
    clock,
    random: () => 1,
    log: () => {},
  });
  waiting.wake();
  await clock.advance(commitDeadlineMs);
  expect(aborted).toBe(true);
});

test("rollbacks that cannot share a commit go one at a time, oldest first, and a failing one lets the others go", async () => {
  const { clock, ledger, reconciler, seen } = createRig([throwing(new Error("conflict"))]);
  for (const [model, at] of [
    ["b", "2026-11-21T08:02:00.000Z"],
    ["a", "2026-11-21T08:01:00.000Z"],
    ["c", "2026-11-21T08:03:00.000Z"],
  ] as const) {
    ledger.put(cutOf({ model, version: 9, at }));
  }
  reconciler.wake();
  reconciler.wake();
  await settled();
  expect(seen.calls).toEqual(["a-9", "b-9", "c-9"]);
  await clock.advance(500);
  expect(seen.calls).toEqual(["a-9", "b-9", "c-9", "a-9"]);
  expect(seen.most).toBe(1);
});

test("a store that is away keeps no cut from git", async () => {
  const { store, ledger, reconciler, seen, clock, follow } = createRig();
  store.broken = true;
  ledger.hold(cutOf());
  reconciler.wake();
  await settled();
  expect(seen.commits).toEqual(["fraud-3"]);
  store.broken = false;
  await clock.advance(recheckMs);
  expect(ledger.held()).toEqual([]);
  follow();
  expect(ledger.list()).toEqual([]);
});

test("a cut that the store could not forget is forgotten later", async () => {
  const { store, ledger, reconciler, seen, clock } = createRig();
  ledger.put(cutOf());
  reconciler.wake();
  await settled();
  store.broken = true;
  seen.followed = seen.branch;
  reconciler.wake();
  expect(seen.ended).toEqual([]);
  store.broken = false;
  await clock.advance(recheckMs);
  expect(seen.ended).toEqual(["fraud-3"]);
  expect(seen.commits).toEqual(["fraud-3"]);
});
