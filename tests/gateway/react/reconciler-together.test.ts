import { expect, test } from "bun:test";
import type { Cut } from "../../../schemas/cut.ts";
import { togetherAfter } from "../../../gateway/react/pace.ts";
import type { CommitAnswer, Committer } from "../../../gateway/react/ports.ts";
import { cutOf } from "../../support/cuts.ts";
import { settled } from "../../support/manual-clock.ts";
import { createRig } from "../../support/reconciler-rig.ts";

const pullRequest = { number: 7, url: "https://example.test/pull/7" };

/** Cut number `minute` of a model named after it. */
const cutAt = (minute: number) =>
  cutOf({ model: `m${minute}`, version: 9, at: new Date(Date.UTC(2026, 10, 21, 8, minute)).toISOString() });

/** A rig whose committer takes several cuts, and what it was handed in each call. */
function startTogether(answer: (model: string, calls: number) => CommitAnswer | Error | undefined = () => undefined) {
  const handed: string[][] = [];
  const rig = createRig([], (commit): Committer => {
    return (cuts) => {
      handed.push(cuts.map(({ model }) => model));
      const calls = handed.length;
      const one = async (cut: Cut): Promise<CommitAnswer> => {
        const given = answer(cut.model, calls);
        if (given instanceof Error) throw given;
        return given ?? commit(cut);
      };
      return Promise.all(cuts.map(one));
    };
  });
  return { ...rig, handed };
}

test("all open cuts are handed over together, oldest first, and git is looked at once", async () => {
  const { ledger, reconciler, handed, seen } = startTogether();
  for (const minute of [3, 1, 2]) ledger.put(cutAt(minute));
  reconciler.wake();
  await settled();
  expect(handed).toEqual([["m1", "m2", "m3"]]);
  expect(seen.refreshed).toBe(1);
});

test("cuts that come while a commit runs share the next", async () => {
  const { ledger, reconciler, handed } = startTogether();
  ledger.put(cutAt(1));
  reconciler.wake();
  for (const minute of [2, 3]) ledger.put(cutAt(minute));
  reconciler.wake();
  await settled();
  expect(handed).toEqual([["m1"], ["m2", "m3"]]);
});

test("one that fails among them is tried again later, and each hears its own outcome", async () => {
  const failed: CommitAnswer = { kind: "failed", error: new Error("nothing to go back to") };
  const { clock, ledger, reconciler, handed } = startTogether((model, calls) =>
    model === "m1" && calls === 1 ? failed : undefined,
  );
  for (const minute of [1, 2]) ledger.put(cutAt(minute));
  reconciler.wake();
  expect(await reconciler.committed(cutAt(2), 0)).toMatchObject({ kind: "committed" });
  expect(ledger.list().map(({ lastError }) => lastError)).toEqual(["nothing to go back to", null]);
  await clock.advance(500);
  expect(handed).toEqual([["m1", "m2"], ["m1"]]);
  expect(await reconciler.committed(cutAt(1), 0)).toMatchObject({ kind: "committed" });
});

test("those that the committer wants by themselves follow one at a time, and stay so", async () => {
  const { clock, ledger, reconciler, handed } = startTogether((model, calls) => {
    if (calls === 1 && model !== "m2") return { kind: "alone" };
    return calls === 2 ? new Error("502") : undefined;
  });
  for (const minute of [1, 2, 3]) ledger.put(cutAt(minute));
  reconciler.wake();
  await settled();
  expect(handed).toEqual([["m1", "m2", "m3"], ["m1"], ["m3"]]);
  await clock.advance(500);
  expect(handed.slice(3)).toEqual([["m1"]]);
});

test("a committer that has no answer for a single cut has failed, and is not asked for ever", async () => {
  const { ledger, reconciler, handed } = startTogether(() => ({ kind: "alone" }));
  ledger.put(cutAt(1));
  reconciler.wake();
  await settled();
  expect(handed).toEqual([["m1"]]);
  expect(ledger.list()[0]?.lastError).toBe("the committer gave no answer");
});

test("a cut that waits for its pull request is looked at by itself, after those that can be committed", async () => {
  const { clock, ledger, reconciler, handed } = startTogether((model) =>
    model === "m1" ? { kind: "waiting", pullRequest } : undefined,
  );
  ledger.put(cutAt(1));
  reconciler.wake();
  await clock.advance(59_999);
  for (const minute of [2, 3]) ledger.put(cutAt(minute));
  await clock.advance(1);
  expect(handed).toEqual([["m1"], ["m2", "m3"], ["m1"]]);
});

test("what fails as a whole comes back in halves, and never one by one", async () => {
  expect([0, 1, 2, 3, 4, 99].map(togetherAfter)).toEqual([50, 25, 12, 6, 5, 5]);
  const { clock, ledger, reconciler, handed } = startTogether((_model, calls) =>
    calls <= 2 ? new Error("time-out") : undefined,
  );
  for (let minute = 0; minute < 60; minute += 1) ledger.put(cutAt(minute));
  reconciler.wake();
  await settled();
  expect(handed.map(({ length }) => length)).toEqual([50, 10]);
  await clock.advance(500);
  expect(handed.map(({ length }) => length)).toEqual([50, 10, 25, 25, 10]);
  expect(ledger.list().every(({ lastError }) => lastError === null)).toBe(true);
});
