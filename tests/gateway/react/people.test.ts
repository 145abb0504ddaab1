import { expect, test } from "bun:test";
import { createPeople } from "../../../gateway/react/people.ts";
import type { StoredCut } from "../../../gateway/core/ports.ts";
import type { Accusation, Decision } from "../../../gateway/react/ports.ts";
import { cutOf } from "../../support/cuts.ts";
import { createManualClock } from "../../support/manual-clock.ts";

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
const tell: Decision = { kind: "tell", code: "nothing-left", reason: "no other could serve" };
const ignore: Decision = { kind: "ignore", code: "not-served", reason: "gets no traffic" };

function setUp(more: { readonly cuts?: readonly StoredCut[]; readonly commits?: boolean } = {}) {
  const { cuts = [], commits = true } = more;
  const clock = createManualClock(Date.parse("2026-11-21T08:10:00.000Z"));
  const says = { now: tell };
  const people = createPeople({ environment: "prod", decide: () => says.now, cuts: () => cuts, commits, clock });
  return { clock, says, people, codes: () => people.calls().map(({ code }) => code) };
}

test("a person is called for what nothing can be done about, since it was first told, until that no longer holds", async () => {
  const { clock, says, people } = setUp();
  people.heard(accusation, tell);
  await clock.advance(60_000);
  people.heard(accusation, tell);
  expect(people.calls()).toEqual([
    {
      model: "fraud",
      version: 3,
      code: "nothing-left",
      reason: "no other could serve",
      since: "2026-11-21T08:10:00.000Z",
    },
  ]);
  says.now = ignore;
  expect(people.calls()).toEqual([]);
  says.now = tell;
  expect(people.calls()).toEqual([]);
});

test("an alert that is resolved calls nobody any more; another environment's does not count", () => {
  const { people, codes } = setUp();
  people.heard(accusation, tell);
  people.heard({ ...accusation, status: "resolved", environment: "dev" }, ignore);
  people.heard({ ...accusation, version: 2, status: "resolved" }, ignore);
  expect(codes()).toEqual(["nothing-left"]);
  people.heard({ ...accusation, status: "resolved" }, ignore);
  expect(codes()).toEqual([]);
});

test("a person is called for a rollback that was refused, is committed by nobody, or fails for long", async () => {
  const pullRequest = { number: 7, url: "https://example.test/pull/7" };
  const open: StoredCut = { cut: cutOf(), state: { kind: "open" }, lastError: null };
  const refused: StoredCut = { ...open, state: { kind: "refused", pullRequest } };
  const waiting: StoredCut = { ...open, state: { kind: "waiting", pullRequest } };
  expect(setUp({ cuts: [open, waiting] }).codes()).toEqual([]);
  expect(setUp({ cuts: [open], commits: false }).codes()).toEqual(["rollback-not-committed"]);
  expect(setUp({ cuts: [refused], commits: false }).people.calls()).toMatchObject([
    { code: "rollback-refused", since: cutOf().at, reason: expect.stringContaining("#7 was closed") },
  ]);

  const { clock, codes, people } = setUp({ cuts: [{ ...open, lastError: "no rights" }] });
  expect(codes()).toEqual([]);
  await clock.advance(120_000);
  expect(people.calls()).toMatchObject([
    { code: "rollback-failing", reason: expect.stringContaining("fails: no rights") },
  ]);
});
