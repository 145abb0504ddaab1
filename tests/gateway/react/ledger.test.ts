import { expect, test } from "bun:test";
import { openCutStore } from "../../../gateway/edges/cut-store.ts";
import { createCutLedger } from "../../../gateway/react/ledger.ts";
import { breakable } from "../../support/broken-store.ts";
import { cutOf } from "../../support/cuts.ts";

const early = "2026-11-21T08:00:00.000Z";
const late = "2026-11-21T09:00:00.000Z";

function setUp() {
  const disk = openCutStore(":memory:", "prod");
  const store = breakable(disk);
  const told: string[] = [];
  const ledger = createCutLedger(store, (_, message) => void told.push(message));
  return { disk, store, ledger, told };
}

test("a held cut is listed before and after it is stored, once, in the order of time", () => {
  const { ledger, disk } = setUp();
  ledger.put(cutOf({ version: 5, at: late }));
  ledger.hold(cutOf({ at: early }));
  ledger.hold(cutOf({ at: late, reason: "again" }));
  expect(ledger.list().map(({ cut }) => cut.version)).toEqual([3, 5]);
  expect(ledger.held().map(({ at }) => at)).toEqual([early]);
  expect(ledger.flush()).toBe(true);
  expect(ledger.held()).toEqual([]);
  expect(ledger.list()).toEqual(disk.list());
});

test("what a person has to wait for is kept with a cut that is stored later", () => {
  const { ledger, store, disk } = setUp();
  const state = { kind: "waiting", pullRequest: { number: 7, url: "https://example.test/pull/7" } } as const;
  store.broken = true;
  expect(() => ledger.put(cutOf())).toThrow("could not be stored");
  ledger.setState(cutOf(), state, "protected");
  store.broken = false;
  expect(ledger.flush()).toBe(true);
  expect(disk.list()).toEqual([{ cut: cutOf(), state, lastError: "protected" }]);
});

test("while the store is away, what it said last still holds", () => {
  const { ledger, store, told } = setUp();
  ledger.put(cutOf());
  expect(ledger.firstServed("fraud", 3, "canary", 6, early)).toBe(early);
  ledger.list();
  store.broken = true;
  ledger.hold(cutOf({ phase: "stable", version: 2, at: late }));
  expect(ledger.list().map(({ cut }) => cut.version)).toEqual([3, 2]);
  expect(ledger.firstServed("fraud", 3, "canary", 6, late)).toBe(early);
  expect(ledger.firstServed("fraud", 4, "canary", 7, early)).toBe(early);
  expect(ledger.stableRollbacks("fraud", early)).toEqual([late]);
  ledger.setState(cutOf(), { kind: "open" }, "no matter");
  expect(told.length).toBeGreaterThan(0);

  store.broken = false;
  expect(ledger.firstServed("fraud", 4, "canary", 7, late)).toBe(early);
});

test("a cut ends only where the store has forgotten it", () => {
  const { ledger, store } = setUp();
  ledger.put(cutOf());
  expect(ledger.list().length).toBe(1);
  store.broken = true;
  expect(() => ledger.end(cutOf(), late)).toThrow("disk full");
  expect(ledger.list().length).toBe(1);
  store.broken = false;
  expect(ledger.list().length).toBe(1);
  ledger.end(cutOf(), late);
  expect(ledger.list()).toEqual([]);
});
