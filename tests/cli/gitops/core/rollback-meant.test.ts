/** Which version a person means who asks for a rollback while others, or the gateway, roll back too. */
import { describe, expect, test } from "bun:test";
import type { PlanState, RollbackCommand } from "../../../../cli/gitops/core/change.ts";
import { plan } from "../../../../cli/gitops/core/plan.ts";
import { proposingScopeOf } from "../../../../cli/gitops/core/scope.ts";
import type { Rejection } from "../../../../schemas/model-deployment.ts";
import { aCut, aDeployment, aRejection, now, rollback, stagingState } from "../../../support/builders.ts";
import { answer, changed, refusalText, summary } from "../../../support/plans.ts";

describe("rollback --version", () => {
  const both = aDeployment({ stable: 2, canary: 3, spec: { previous: [1] } });

  test("takes out the canary or the stable version, whichever is named, and branches are looked for by its number", () => {
    expect(summary(changed(rollback({ version: 3 }), stagingState(both)).deployment)).toBe("2@5 [1] -3@6");
    expect(summary(changed(rollback({ version: 2 }), stagingState(both)).deployment)).toBe("3@6:10 1@6 [] -2@5");
    expect(proposingScopeOf(rollback({ version: 3 })).proposals?.branches).toContain("mmsp/staging/fraud/rollback-3");
  });

  test("has nothing to do where it is rejected or not served any more, and never takes another one out", () => {
    const cutSince = aDeployment({ stable: 2, spec: { previous: [1], rejected: [aRejection(4, { at: now })] } });
    expect(answer(plan(rollback({ version: 4 }), stagingState(cutSince)))).toBe(
      "skip: version 4 of fraud is rejected in staging already",
    );
    expect(answer(plan(rollback({ version: 1 }), stagingState(both)))).toBe(
      "skip: version 1 of fraud is not served in staging: version 2 is stable, and version 3 the canary",
    );
    expect(answer(plan(rollback({ version: 1 }), stagingState(aDeployment({ stable: 2 }))))).toBe(
      "skip: version 1 of fraud is not served in staging: version 2 is stable",
    );
  });

  test("goes with --to where both mean the same", () => {
    expect(summary(changed(rollback({ version: 2, to: 1 }), stagingState(both)).deployment)).toBe("3@6:10 1@6 [] -2@5");
    expect(summary(changed(rollback({ version: 3, to: 2 }), stagingState(both)).deployment)).toBe("2@5 [1] -3@6");
    for (const [version, to, leaves] of [
      [3, 1, 2],
      [2, 2, 3],
    ] as const) {
      expect(refusalText(plan(rollback({ version, to }), stagingState(both)))).toContain(
        `version-other: going back to version ${to} of fraud in staging takes version ${leaves} out, not version ${version}`,
      );
    }
  });

  test("says which of the two is meant where a merge left a rejected version in the document", () => {
    const merged = aDeployment({ stable: 3, spec: { previous: [2, 1], rejected: [aRejection(3, { attempt: 6 })] } });
    expect(summary(changed(rollback({ version: 2 }), stagingState(merged)).deployment)).toBe("1@6 [] -3@6 -2@6");
    expect(answer(plan(rollback({ version: 3 }), stagingState(merged)))).toContain("is rejected in staging already");
  });
});

describe("rollback without a version, just after another one left", () => {
  const left = (given: Partial<Rejection>, canary?: number) =>
    stagingState(
      aDeployment({
        stable: 2,
        ...(canary === undefined ? {} : { canary }),
        spec: { previous: [1], rejected: [aRejection(4, given)] },
      }),
    );

  test("does not take the stable version out, and says what left when and by whom, and how to say that it is meant", () => {
    expect(refusalText(plan(rollback(), left({ at: "2026-11-21T11:58:40Z" })))).toBe(
      "rolled-back-just-now: version 4 of fraud, the canary in staging, was taken out 80 s ago by the guard " +
        "(too many errors): now version 2, which is stable, would be taken out (if that is meant: " +
        "mmsp rollback fraud --version 2 --env staging)",
    );
    expect(
      refusalText(plan(rollback(), left({ at: "2026-11-21T11:51:00Z", by: "person", phase: "stable" }))),
    ).toContain("version 4 of fraud, the stable version in staging, was taken out 9 min ago by a person");
    // Clocks of two machines differ.
    expect(refusalText(plan(rollback(), left({ at: "2026-11-21T12:00:05Z", by: "alert" })))).toContain(
      "was taken out just now by an alert",
    );
  });

  test.each<[string, RollbackCommand, PlanState, string]>([
    ["ten minutes later", rollback(), left({ at: "2026-11-21T11:50:00Z" }), "1@5 [] -4@4 -2@5"],
    ["with --version", rollback({ version: 2 }), left({ at: now }), "1@5 [] -4@4 -2@5"],
    ["with --to", rollback({ to: 1 }), left({ at: now }), "1@5 [] -4@4 -2@5"],
    ["of a canary", rollback(), left({ at: now }, 3), "2@5 [1] -4@4 -3@6"],
    [
      "by the gateway",
      rollback({ by: "guard", cut: aCut({ version: 2, attempt: 5, phase: "stable" }) }),
      left({ at: now }),
      "1@5 [] -4@4 -2@5",
    ],
  ])("goes on %s", (_, command, state, expected) => {
    expect(summary(changed(command, state).deployment)).toBe(expected);
  });
});
