import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import {
  historyOf,
  lastServed,
  periodsAt,
  pullRequestIn,
  stretchesOf,
  type Revision,
} from "../../../../cli/gitops/core/history.ts";
import { effective } from "../../../../schemas/effective.ts";
import type { ModelDeployment } from "../../../../schemas/model-deployment.ts";
import { anyDeployment } from "../../../support/arbitraries.ts";
import { aDeployment, aRejection } from "../../../support/builders.ts";

const start = Date.parse("2026-01-01T00:00:00Z");
const timeOf = (minute: number) => new Date(start + minute * 60_000).toISOString().replace(".000Z", "Z");

/** A commit of so many minutes after the start. */
function at(minute: number, document: ModelDeployment | null, broken: string | null = null): Revision {
  const commit = { oid: `commit-${minute}`, at: timeOf(minute), author: "Ada", committer: "GitHub", pullRequest: null };
  return { commit, document: broken === null ? document : null, broken };
}

const told = (revisions: readonly Revision[]) =>
  historyOf("prod", revisions).periods.map(
    ({ version, phase, weight, from, until, endedBy }) =>
      `${version} ${phase} ${weight} % ${from.slice(11, 16)}-${until?.slice(11, 16) ?? ""} ${endedBy}`,
  );

describe("a history of documents", () => {
  test("tells a rollout: canary, more of it, promoted", () => {
    expect(
      told([
        at(0, aDeployment({ stable: 1 })),
        at(10, aDeployment({ stable: 1, canary: 2, weight: 10 })),
        at(20, aDeployment({ stable: 1, canary: 2, weight: 50 })),
        at(30, aDeployment({ stable: 2, spec: { previous: [1] } })),
      ]),
    ).toEqual([
      "1 stable 100 % 00:00-00:10 reweighted",
      "1 stable 90 % 00:10-00:20 reweighted",
      "2 canary 10 % 00:10-00:20 reweighted",
      "1 stable 50 % 00:20-00:30 replaced",
      "2 canary 50 % 00:20-00:30 promoted",
      "2 stable 100 % 00:30- serving",
    ]);
  });

  test("what the guard took out ended when it was cut, and stable had everything from then on", () => {
    const cut = aRejection(2, { at: timeOf(14), by: "guard", reason: "errors 9 %" });
    const revisions = [
      at(10, aDeployment({ stable: 1, canary: 2, weight: 10 })),
      at(20, aDeployment({ stable: 1, spec: { rejected: [cut] } })),
    ];
    expect(told(revisions)).toEqual([
      "1 stable 90 % 00:10-00:14 reweighted",
      "2 canary 10 % 00:10-00:14 rolled-back",
      "1 stable 100 % 00:14- serving",
    ]);
    const canary = historyOf("prod", revisions).periods.find(({ phase }) => phase === "canary");
    expect(canary?.end).toMatchObject({
      commit: { oid: "commit-20" },
      rejection: { by: "guard", reason: "errors 9 %" },
    });
  });

  test("a person's rollback counts from the commit, as no traffic moved before", () => {
    const rejected = [aRejection(2, { at: timeOf(14), by: "person", reason: "slow" })];
    expect(
      told([
        at(10, aDeployment({ stable: 1, canary: 2, weight: 10 })),
        at(20, aDeployment({ stable: 1, spec: { rejected } })),
      ]),
    ).toContain("2 canary 10 % 00:10-00:20 rolled-back");
  });

  test("a stale merge that names a rejected version as stable has not served it", () => {
    const rejected = [aRejection(2, { at: timeOf(5), by: "person" })];
    expect(
      told([
        at(0, aDeployment({ stable: 1, canary: 2, weight: 10 })),
        at(10, aDeployment({ stable: 1, spec: { rejected } })),
        at(20, aDeployment({ stable: 2, spec: { previous: [1], rejected } })),
      ]),
    ).toEqual([
      "1 stable 90 % 00:00-00:10 reweighted",
      "2 canary 10 % 00:00-00:10 rolled-back",
      "1 stable 100 % 00:10- serving",
    ]);
  });

  test("a broken document is told, and the last good one goes on; one that is gone ends everything", () => {
    const revisions = [
      at(0, aDeployment({ stable: 1 })),
      at(10, null, "spec must be an object"),
      at(20, aDeployment({ stable: 1 })),
      at(30, null),
      at(40, aDeployment({ stable: 3 })),
    ];
    expect(told(revisions)).toEqual(["1 stable 100 % 00:00-00:30 removed", "3 stable 100 % 00:40- serving"]);
    expect(historyOf("prod", revisions).broken).toEqual([
      { environment: "prod", commit: revisions[1]!.commit, message: "spec must be an object" },
    ]);
  });

  test("a canary that leaves without a verdict is removed, one that another follows replaced", () => {
    expect(
      told([
        at(0, aDeployment({ stable: 1, canary: 2 })),
        at(10, aDeployment({ stable: 1, canary: 3 })),
        at(20, aDeployment({ stable: 1 })),
      ]),
    ).toEqual([
      "1 stable 90 % 00:00-00:20 reweighted",
      "2 canary 10 % 00:00-00:10 replaced",
      "3 canary 10 % 00:10-00:20 removed",
      "1 stable 100 % 00:20- serving",
    ]);
  });

  test("commits whose clocks run backwards keep their order", () => {
    expect(told([at(30, aDeployment({ stable: 1 })), at(10, aDeployment({ stable: 2 }))])).toEqual([
      "1 stable 100 % 00:30-00:30 replaced",
      "2 stable 100 % 00:30- serving",
    ]);
  });

  test("stretches put a stable version's shares together, and leave a canary's weights apart", () => {
    const { periods } = historyOf("prod", [
      at(0, aDeployment({ stable: 1 })),
      at(10, aDeployment({ stable: 1, canary: 2, weight: 10 })),
      at(20, aDeployment({ stable: 1, canary: 2, weight: 50 })),
      at(30, aDeployment({ stable: 2 })),
    ]);
    const stretches = stretchesOf(periods).map(
      ({ version, phase, leastWeight, mostWeight, endedBy }) =>
        `${version} ${phase} ${leastWeight}-${mostWeight} ${endedBy}`,
    );
    expect(stretches).toEqual([
      "1 stable 50-100 replaced",
      "2 canary 10-10 reweighted",
      "2 canary 50-50 promoted",
      "2 stable 100-100 serving",
    ]);
  });

  test("the last service of a version is now, its end, or never", () => {
    const { periods } = historyOf("prod", [at(0, aDeployment({ stable: 1 })), at(10, aDeployment({ stable: 2 }))]);
    const now = start + 3_600_000;
    expect([1, 2, 3].map((version) => lastServed(periods, version, now))).toEqual([start + 600_000, now, null]);
  });
});

test("subjects tell the pull request that was merged or squashed, and nothing else", () => {
  expect(pullRequestIn("Merge pull request #12 from acme/mmsp/prod")).toBe(12);
  expect(pullRequestIn("Deploy fraud 3 to prod at 10 % (#345)")).toBe(345);
  expect(pullRequestIn("Fix what #12 broke")).toBeNull();
  expect(pullRequestIn("Merge branch 'main' (#1) again")).toBeNull();
});

/** What was in force at a moment, written down the slow way. */
function inForce(revisions: readonly Revision[], moment: number): ModelDeployment | null {
  const readable = revisions.filter(({ broken }) => broken === null);
  const index = readable.findLastIndex(({ commit }) => Date.parse(commit.at) <= moment);
  const current = readable[index];
  if (current === undefined || current.document === null) return null;
  const { document } = current;
  const known = JSON.stringify(document.spec.rejected ?? []);
  const { stable, canary } = effective(document);
  const cuts = (readable[index + 1]?.document?.spec.rejected ?? []).filter(
    (entry) =>
      entry.by !== "person" &&
      [stable?.version, canary?.version].includes(entry.version) &&
      !known.includes(JSON.stringify(entry)) &&
      Date.parse(entry.at) > Date.parse(current.commit.at) &&
      Date.parse(entry.at) <= moment,
  );
  return { ...document, spec: { ...document.spec, rejected: [...(document.spec.rejected ?? []), ...cuts] } };
}

const anyRevisions = fc
  .array(
    fc.record({
      gap: fc.integer({ min: 0, max: 5 }),
      document: fc.option(anyDeployment, { freq: 8 }),
      broken: fc.option(fc.constant("broken"), { freq: 6 }),
      cutMinute: fc.integer({ min: 0, max: 60 }),
      by: fc.constantFrom("guard", "alert", "person" as const),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .map((steps) => {
    let minute = 0;
    return steps.map(({ gap, document, broken, cutMinute, by }) => {
      minute += gap;
      const rejected = document?.spec.rejected?.map((entry) => ({ ...entry, by, at: timeOf(cutMinute) }));
      const dated = document === null ? null : { ...document, spec: { ...document.spec, rejected: rejected ?? [] } };
      return at(minute, dated, document === null ? null : broken);
    });
  });

test("at every instant, the periods that hold it say what the document in force said", () => {
  fc.assert(
    fc.property(anyRevisions, fc.integer({ min: -1, max: 70 * 60 }), (revisions, second) => {
      const moment = start + second * 1000;
      const document = inForce(revisions, moment);
      const { stable, canary } = document === null ? { stable: null, canary: null } : effective(document);
      const weight = canary === null ? 0 : stable === null ? 100 : canary.weight;
      const expected = [
        ...(stable === null ? [] : [`stable ${stable.version} ${100 - weight}`]),
        ...(canary === null ? [] : [`canary ${canary.version} ${weight}`]),
      ];
      const { periods } = historyOf("prod", revisions);
      const actual = periodsAt(periods, moment).map((period) => `${period.phase} ${period.version} ${period.weight}`);
      expect(actual.toSorted()).toEqual(expected.toSorted());
    }),
    { numRuns: 500 },
  );
});
