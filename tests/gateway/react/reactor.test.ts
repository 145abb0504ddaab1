import { expect, test } from "bun:test";
import { openCutStore } from "../../../gateway/edges/cut-store.ts";
import { createCutLedger } from "../../../gateway/react/ledger.ts";
import type { Accusation, Decision } from "../../../gateway/react/ports.ts";
import { createReactor, type Reactor } from "../../../gateway/react/reactor.ts";
import { breakable } from "../../support/broken-store.ts";
import { cutOf } from "../../support/cuts.ts";

const accusation: Accusation = {
  by: "alert",
  model: "fraud",
  version: 3,
  environment: null,
  action: null,
  status: "firing",
  startsAt: null,
  reason: "bad",
  evidence: {},
};

/** Decides as the shipped one does in this respect: act once, then "cut already". */
function setUp(steps: string[] = []) {
  const disk = openCutStore(":memory:", "prod");
  const store = breakable(disk);
  const put = store.put.bind(store);
  store.put = (cut) => {
    steps.push("store");
    put(cut);
  };
  const ledger = createCutLedger(store, () => {});
  const reactor: Reactor = createReactor<readonly unknown[]>({
    ledger,
    view: () => reactor.openCuts(),
    decide: ({ version }, cuts): Decision =>
      cuts.length > 0
        ? { kind: "ignore", code: "already-cut", reason: "cut already" }
        : { kind: "act", cut: cutOf({ version }) },
    applyCuts: () =>
      void steps.push(
        `traffic without ${reactor
          .openCuts()
          .map(({ cut }) => cut.version)
          .join()}`,
      ),
    wake: () => void steps.push("wake"),
    log: () => {},
  });
  return { disk, store, ledger, reactor, steps };
}

test("an accusation that is acted on moves the traffic, then is stored, then wakes the reconciler", () => {
  const { reactor, disk, steps } = setUp();
  const verdict = reactor.accuse(accusation);
  expect(verdict).toEqual({ decision: { kind: "act", cut: cutOf() }, cut: cutOf(), acknowledged: true });
  expect(steps).toEqual(["traffic without 3", "store", "wake"]);
  expect(disk.list().map(({ cut }) => cut)).toEqual([cutOf()]);
});

test("a store that is away holds nothing back, and the alert is not acknowledged until it took the cut", () => {
  const { reactor, store, disk, steps } = setUp();
  store.broken = true;
  expect(reactor.accuse(accusation)).toMatchObject({ decision: { kind: "act" }, acknowledged: false });
  expect(steps).toEqual(["traffic without 3", "store", "wake"]);
  expect(reactor.openCuts().map(({ cut }) => cut.version)).toEqual([3]);

  expect(reactor.accuse(accusation)).toMatchObject({
    decision: { code: "already-cut" },
    cut: cutOf(),
    acknowledged: false,
  });
  store.broken = false;
  expect(reactor.accuse(accusation)).toMatchObject({
    decision: { code: "already-cut" },
    cut: cutOf(),
    acknowledged: true,
  });
  expect(disk.list().length).toBe(1);
});

test("an alert about something else is acknowledged though another cut could not be stored", () => {
  const { reactor, store } = setUp();
  store.broken = true;
  reactor.accuse(accusation);
  expect(reactor.accuse({ ...accusation, model: "wine" })).toMatchObject({ acknowledged: true, cut: null });
});

test("a repeated alert names the cut that is open", () => {
  const { reactor } = setUp();
  reactor.accuse(accusation);
  expect(reactor.accuse({ ...accusation, environment: "prod" }).cut).toEqual(cutOf());
  expect(reactor.accuse({ ...accusation, environment: "staging" }).cut).toBe(null);
});

test("a table that cannot be built keeps the cut neither from disk nor from git", () => {
  const disk = openCutStore(":memory:", "prod");
  let woken = 0;
  const reactor = createReactor({
    ledger: createCutLedger(disk, () => {}),
    view: () => null,
    decide: () => ({ kind: "act", cut: cutOf() }),
    applyCuts: () => {
      throw new Error("a bug");
    },
    wake: () => void (woken += 1),
    log: () => {},
  });
  expect(reactor.accuse(accusation).acknowledged).toBe(true);
  expect(disk.list().length).toBe(1);
  expect(woken).toBe(1);
});

test("where a person is needed nothing is cut", () => {
  const decision: Decision = { kind: "tell", code: "nothing-left", reason: "no other version could serve" };
  const disk = openCutStore(":memory:", "prod");
  const never = () => {
    throw new Error("not to be called");
  };
  const ledger = createCutLedger(disk, () => {});
  const reactor = createReactor({
    ledger,
    view: () => null,
    decide: () => decision,
    applyCuts: never,
    wake: never,
    log: () => {},
  });
  expect(reactor.accuse(accusation)).toEqual({ decision, cut: null, acknowledged: true });
  expect(disk.list()).toEqual([]);
});
