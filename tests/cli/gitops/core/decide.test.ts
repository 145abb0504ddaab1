import { describe, expect, test } from "bun:test";
import { decide, type Accusation, type Decision, type ServingView } from "../../../../cli/gitops/core/decide.ts";
import type { Phase } from "../../../../schemas/model-deployment.ts";
import { aCut, aDeployment, aRejection, now } from "../../../support/builders.ts";

function accusation(given: Partial<Accusation> = {}): Accusation {
  return {
    by: "alert",
    model: "fraud",
    version: 2,
    environment: null,
    action: null,
    status: "firing",
    startsAt: "2026-11-21T11:58:00Z",
    reason: "ModelErrors",
    evidence: { rate: "0.4" },
    ...given,
  };
}

/** Stable 1 with 3 to fall back to, canary 2; served for an hour, 500 requests each. */
function view(given: Partial<ServingView> = {}): ServingView {
  return {
    environment: "staging",
    deployment: aDeployment({ stable: 1, canary: 2, spec: { previous: [3] } }),
    cuts: [],
    firstServed: () => "2026-11-21T11:00:00Z",
    requests: () => 500,
    minRequests: 20,
    stableRollbacks: [],
    now,
    ...given,
  };
}

const code = (decision: Decision): string => (decision.kind === "act" ? "act" : `${decision.kind} ${decision.code}`);
const stable = (given: Partial<Accusation> = {}) => accusation({ version: 1, ...given });

describe("decide acts", () => {
  test("on the canary, with the attempt and phase in which it is served", () => {
    expect(decide(accusation(), view())).toEqual({
      kind: "act",
      cut: {
        environment: "staging",
        model: "fraud",
        version: 2,
        attempt: 6,
        phase: "canary",
        by: "alert",
        reason: "ModelErrors",
        evidence: { rate: "0.4" },
        at: now,
      },
    });
  });

  test("on the stable version", () => {
    expect(decide(stable({ by: "guard" }), view())).toMatchObject({
      kind: "act",
      cut: { version: 1, attempt: 5, phase: "stable", by: "guard" },
    });
  });

  test("on a version that took over after a stale plan merged, without a number", () => {
    const deployment = aDeployment({ stable: 3, spec: { previous: [2, 1], rejected: [aRejection(3)] } });
    expect(decide(accusation(), view({ deployment }))).toMatchObject({ cut: { attempt: null, phase: "stable" } });
  });

  test("on the version that took over from a cut one that git still serves", () => {
    const cuts = [aCut({ version: 1, attempt: 5, phase: "stable", by: "person" })];
    const deployment = aDeployment({ stable: 1, spec: { previous: [2, 3] } });
    expect(decide(accusation(), view({ deployment, cuts }))).toMatchObject({ cut: { version: 2, phase: "stable" } });
  });

  test("on text that people would rather not see raw", () => {
    const decision = decide(accusation({ reason: "a\nb", evidence: { x: "1\n2", y: "z".repeat(5000) } }), view());
    if (decision.kind !== "act") throw new Error(decision.reason);
    expect(decision.cut.reason).toBe("a b");
    expect(decision.cut.evidence["x"]).toBe("1 2");
    expect(decision.cut.evidence["y"]?.length).toBe(256);
  });
});

describe("decide ignores", () => {
  const off = aDeployment({ canary: 2, spec: { rollback: { automatic: false } } });
  const rejected = aDeployment({ canary: 2, spec: { rejected: [aRejection(2)] } });
  test.each([
    ["a resolved alert", accusation({ status: "resolved" }), view(), "resolved"],
    ["another action", accusation({ action: "page" }), view(), "other-action"],
    ["another environment", accusation({ environment: "prod" }), view(), "other-environment"],
    ["a model that is not there", accusation(), view({ deployment: null }), "model-unknown"],
    ["the document of another model", accusation({ model: "churn" }), view(), "model-unknown"],
    ["an unknown version", accusation({ version: 9 }), view(), "not-served"],
    ["an earlier version, which is only kept warm", accusation({ version: 3 }), view(), "not-served"],
    ["what git rejects", accusation(), view({ deployment: rejected }), "already-rejected"],
    ["what is cut", accusation(), view({ cuts: [aCut()] }), "already-cut"],
    ["when automatic rollback is off", accusation(), view({ deployment: off }), "automatic-off"],
    ["too little data, alerts included", accusation(), view({ requests: () => 19 }), "too-little-data"],
    ["too little data of the guard", accusation({ by: "guard" }), view({ requests: () => 0 }), "too-little-data"],
    ["an alert from before", accusation({ startsAt: "2026-11-21T10:59:59Z" }), view(), "alert-too-old"],
  ])("%s", (_, accused, seen, expected) => {
    const decision = decide(accused, seen);
    expect(code(decision)).toBe(`ignore ${expected}`);
    expect(decision.kind === "ignore" && decision.reason.length).toBeGreaterThan(10);
  });

  test.each([
    ["the rollback that it asks for", accusation({ action: "rollback", environment: "staging" }), view()],
    ["an unknown number of requests", accusation(), view({ requests: () => null })],
    ["just enough requests", accusation(), view({ requests: () => 20 })],
    ["an unknown first time", accusation({ startsAt: "2020-01-01T00:00:00Z" }), view({ firstServed: () => null })],
    ["an alert without a start", accusation({ startsAt: null }), view()],
    ["an alert from the very first time", accusation({ startsAt: "2026-11-21T11:00:00Z" }), view()],
    ["the guard's verdict, which has no start", accusation({ by: "guard", startsAt: "2020-01-01T00:00:00Z" }), view()],
    ["a cut of an earlier attempt", accusation(), view({ cuts: [aCut({ attempt: 5 })] })],
    ["a cut of another model", accusation(), view({ cuts: [aCut({ model: "churn" })] })],
    ["a cut in another environment", accusation(), view({ cuts: [aCut({ environment: "prod" })] })],
    ["a second canary within a day", accusation(), view({ stableRollbacks: ["2026-11-21T11:00:00Z"] })],
  ])("but not %s", (_, accused, seen) => {
    expect(code(decide(accused, seen))).toBe("act");
  });

  test("an alert is compared with the phase that the version is in", () => {
    const firstServed = (_: number, phase: Phase) => `2026-11-21T${phase === "stable" ? "11:59" : "09:00"}:00Z`;
    expect(code(decide(stable(), view({ firstServed })))).toBe("ignore alert-too-old");
    expect(code(decide(accusation(), view({ firstServed })))).toBe("act");
  });

  test("a stable version that was served for longer than the window", () => {
    const within = (window: string) => {
      const deployment = aDeployment({ stable: 1, canary: 2, spec: { previous: [3], rollback: { window } } });
      return [code(decide(stable(), view({ deployment }))), code(decide(accusation(), view({ deployment })))];
    };
    expect(within("59m")).toEqual(["ignore stable-too-long", "act"]);
    expect(within("60m")).toEqual(["act", "act"]);
  });

  test.each([
    ["the cut store knows one", view({ stableRollbacks: ["2026-11-20T12:00:01Z"] }), "ignore second-in-a-day"],
    ["it was a day ago", view({ stableRollbacks: ["2026-11-20T12:00:00Z"] }), "act"],
    [
      "git knows one",
      view({
        deployment: aDeployment({
          spec: { previous: [3], rejected: [aRejection(2, { phase: "stable", at: "2026-11-21T01:00:00Z" })] },
        }),
      }),
      "ignore second-in-a-day",
    ],
    [
      "git knows one by a person",
      view({
        deployment: aDeployment({
          spec: {
            previous: [3],
            rejected: [aRejection(2, { phase: "stable", by: "person", at: "2026-11-21T01:00:00Z" })],
          },
        }),
      }),
      "act",
    ],
    [
      "one is cut and not committed yet",
      view({
        deployment: aDeployment({ stable: 2, spec: { previous: [1, 3] } }),
        cuts: [aCut({ version: 2, attempt: 5, phase: "stable" })],
      }),
      "ignore second-in-a-day",
    ],
  ])("a second automatic rollback of a stable version within 24 h: %s", (_, seen, expected) => {
    expect(code(decide(stable(), seen))).toBe(expected);
  });
});

describe("decide tells a person", () => {
  test.each([
    ["the only stable version", stable(), view({ deployment: aDeployment({ canary: 2 }) })],
    [
      "a stable version with only rejected ones before it",
      stable(),
      view({ deployment: aDeployment({ spec: { previous: [3], rejected: [aRejection(3)] } }) }),
    ],
    [
      "a stable version whose fall-back is cut",
      stable(),
      view({ deployment: aDeployment({ spec: { previous: [2] } }), cuts: [aCut({ attempt: 4 })] }),
    ],
    [
      "a canary where every stable version is out",
      accusation(),
      view({ deployment: aDeployment({ canary: 2, spec: { rejected: [aRejection(1)] } }) }),
    ],
  ])("of %s", (_, accused, seen) => {
    const decision = decide(accused, seen);
    expect(code(decision)).toBe("tell nothing-left");
    expect(decision.kind === "tell" && decision.reason).toContain("no other could serve in staging");
  });
});
