import { describe, expect, test } from "bun:test";
import { plan } from "../../../../cli/gitops/core/plan.ts";
import { maxEvidenceBytes } from "../../../../schemas/limits.ts";
import {
  aCut,
  aDeployment,
  anEnvironment,
  aRejection,
  aState,
  aTree,
  aVersion,
  earlier,
  now,
  rollback,
  stagingState,
} from "../../../support/builders.ts";
import { answer, changed, refusalText, summary } from "../../../support/plans.ts";

describe("rollback by a person", () => {
  test("removes the canary and writes down why", () => {
    const state = stagingState(aDeployment({ stable: 2, canary: 3, weight: 40, spec: { previous: [1] } }));
    const { change, deployment } = changed(rollback({ evidence: { p95: "900 ms" } }), state);
    expect(summary(deployment)).toBe("2@5 [1] -3@6");
    expect(change.rejection).toEqual({
      version: 3,
      attempt: 6,
      at: now,
      phase: "canary",
      by: "person",
      reason: "it is slow",
      evidence: { p95: "900 ms" },
    });
    expect(deployment.spec.rejected?.[0]).toEqual(change.rejection ?? undefined);
    expect(deployment.spec.stable.since).toBe(earlier);
    expect(change.version).toBe(3);
    expect(change.branch).toBe("mmsp/staging/fraud/rollback-3");
    expect(change.title).toBe("Roll back fraud 3 in staging, version 2 serves");
    expect([change.subject?.spec.version, change.replaces?.spec.version]).toEqual([3, 2]);
    expect(change.traffic).toEqual({
      before: [
        { version: 2, phase: "stable", percent: 60 },
        { version: 3, phase: "canary", percent: 40 },
      ],
      after: [{ version: 2, phase: "stable", percent: 100 }],
    });
  });

  test("without a canary brings back the first of previous", () => {
    const state = stagingState(aDeployment({ stable: 3, spec: { previous: [2, 1] } }));
    const { change, deployment } = changed(rollback(), state);
    expect(summary(deployment)).toBe("2@5 [1] -3@5");
    expect(deployment.spec.stable.since).toBe(now);
    expect(change.rejection?.phase).toBe("stable");
  });

  test("says when no earlier version remains", () => {
    const { change } = changed(rollback(), stagingState(aDeployment({ stable: 2, spec: { previous: [1] } })));
    expect(change.notices).toEqual(["version 1 is the last: there is no earlier one to fall back to"]);
  });

  test("--to brings back another, and previous keeps only older ones", () => {
    const versions = [1, 2, 3, 4].map((version) => aVersion("fraud", version));
    const deployment = aDeployment({ stable: 4, spec: { previous: [3, 2, 1] } });
    const state = aState(aTree({ versions, deployments: { staging: [deployment] } }));
    expect(summary(changed(rollback({ to: 2 }), state).deployment)).toBe("2@5 [1] -4@5");
    expect(summary(changed(rollback({ to: 1 }), state).deployment)).toBe("1@5 [] -4@5");
  });

  test("--to leaves the canary running unless it is that version", () => {
    const at = (canary: number) => stagingState(aDeployment({ stable: 2, canary, spec: { previous: [1] } }));
    expect(summary(changed(rollback({ to: 1 }), at(3)).deployment)).toBe("3@6:10 1@6 [] -2@5");
    expect(summary(changed(rollback({ to: 1 }), at(1)).deployment)).toBe("1@6 [] -2@5");
  });

  test("--to the stable version takes the canary out; without one there is nothing to do", () => {
    const state = stagingState(aDeployment({ stable: 1, canary: 2 }));
    expect(summary(changed(rollback({ to: 1 }), state).deployment)).toBe("1@5 [] -2@6");
    expect(answer(plan(rollback({ to: 1 }), stagingState(aDeployment({ stable: 1 }))))).toBe(
      "skip: version 1 of fraud is stable in staging already",
    );
  });

  test("what leaves is no shadow and no earlier version any more", () => {
    const spec = { previous: [3, 1], shadow: { version: 3, percent: 5 } };
    const { deployment } = changed(rollback(), stagingState(aDeployment({ stable: 2, canary: 3, spec })));
    expect(summary(deployment)).toBe("2@5 [1] -3@6");
    expect(deployment.spec.shadow).toBeUndefined();
  });

  test("neither lock nor freeze stops it", () => {
    const freeze = [{ from: earlier, to: "2026-12-01T00:00:00Z", reason: "holidays" }];
    const environments = [anEnvironment("staging", { freeze })];
    const lock = { reason: "audit", by: "ann", at: earlier };
    const deployments = { staging: [aDeployment({ canary: 2, spec: { lock } })] };
    const { deployment } = changed(rollback(), aState(aTree({ environments, deployments })));
    expect(deployment.spec.lock).toEqual(lock);
  });

  test.each([
    ["nothing to go back to", aDeployment(), rollback(), ["nothing-to-go-back-to"]],
    [
      "only rejected versions to go back to",
      aDeployment({ stable: 2, spec: { previous: [1], rejected: [aRejection(1)] } }),
      rollback(),
      ["nothing-to-go-back-to"],
    ],
    [
      "a canary beside rejected stable versions only",
      aDeployment({ stable: 2, canary: 3, spec: { rejected: [aRejection(2)] } }),
      rollback(),
      ["nothing-to-go-back-to"],
    ],
    ["a version that was never stable", aDeployment(), rollback({ to: 3 }), ["version-not-previous"]],
    [
      "a rejected version",
      aDeployment({ spec: { rejected: [aRejection(3)] } }),
      rollback({ to: 3 }),
      ["version-rejected"],
    ],
    ["a model that is not there", aDeployment(), rollback({ environment: "prod" }), ["not-deployed"]],
    ["an unknown model", aDeployment(), rollback({ model: "fruad" }), ["model-unknown"]],
  ])("is refused for %s", (_, deployment, command, expected) => {
    expect(answer(plan(command, stagingState(deployment)))).toEqual(expected);
  });

  test.each([
    ["the stable one", aDeployment({ stable: 2 }), rollback(), "version 2 stays until then"],
    ["only the canary", aDeployment({ canary: 3, spec: { rejected: [aRejection(1)] } }), rollback(), "version 3 stays"],
    ["no version", aDeployment({ stable: 2, spec: { rejected: [aRejection(2)] } }), rollback(), "nothing serves until"],
    [
      "only the canary, and another is asked for",
      aDeployment({ stable: 2, canary: 3, spec: { rejected: [aRejection(2)] } }),
      rollback({ to: 1 }),
      "version 3 stays until then",
    ],
  ])("with nothing to go back to says what serves meanwhile: %s", (_, deployment, command, expected) => {
    expect(refusalText(plan(command, stagingState(deployment)))).toContain(expected);
  });

  test("says which versions it could go back to", () => {
    const state = stagingState(aDeployment({ stable: 3, spec: { previous: [2, 1] } }));
    expect(refusalText(plan(rollback({ to: 7 }), state))).toContain("these were: 2, 1");
  });

  test("a missing reason gets one, and untrusted text becomes one line each, 1 KiB in all", () => {
    const state = stagingState(aDeployment({ canary: 2 }));
    const evidence = {
      "a\nb": "x\r\n\u001b[31my\u2028z",
      big: "ä".repeat(400),
      bigger: "é".repeat(500),
      last: "never",
    };
    const { change } = changed(rollback({ reason: " \n ", evidence }), state);
    expect(change.rejection?.reason).toBe("rolled back by a person, who gave no reason");
    const kept = change.rejection?.evidence ?? {};
    expect(Object.keys(kept)).toEqual(["a b", "big", "bigger"]);
    expect(kept["a b"]).toBe("x [31my z");
    expect(kept["bigger"]?.endsWith("…")).toBe(true);
    expect(Buffer.byteLength(Object.entries(kept).flat().join(""))).toBeLessThanOrEqual(maxEvidenceBytes);
    expect(changed(rollback({ reason: "a".repeat(2000) }), state).change.rejection?.reason.length).toBe(512);
  });
});

describe("rollback after a stale plan merged over one", () => {
  const merged = aDeployment({ stable: 3, spec: { previous: [2, 1], rejected: [aRejection(3, { attempt: 6 })] } });

  test("leaves the good version serving, and says how to mend the document and how to take that version out", () => {
    const refused = plan(rollback(), stagingState(merged));
    expect(answer(refused)).toEqual(["document-stale"]);
    expect(refusalText(refused)).toContain(
      "names version 3 as stable, which is rejected already: version 2 serves, and would be taken out",
    );
    expect(refusalText(refused)).toContain("mmsp deploy fraud --version 2 --env staging writes down what is served");
    expect(refusalText(refused)).toContain("mmsp rollback fraud --to 1 --env staging takes version 2 out");
  });

  test("with --to goes back from what is served, not from what the text says", () => {
    const { deployment } = changed(rollback({ to: 1 }), stagingState(merged));
    expect(summary(deployment)).toBe("1@6 [] -3@6 -2@6");
  });

  test("takes out the canary that is served beside it, and writes down what is stable", () => {
    const canary = { version: 1, attempt: 7, since: earlier, weight: 10 };
    const { deployment } = changed(rollback(), stagingState({ ...merged, spec: { ...merged.spec, canary } }));
    expect(summary(deployment)).toBe("2@7 [] -3@6 -1@7");
  });

  test("a cut of the version that took over carries no number, and fits", () => {
    const cut = aCut({ version: 2, attempt: null, phase: "stable" });
    const { change } = changed(rollback({ by: "alert", cut }), stagingState(merged));
    expect(change.rejection).toMatchObject({ version: 2, attempt: 6, phase: "stable", by: "alert" });
  });

  test("a rejected canary in the text is not served, so a rollback may mean it, and the stable version stays", () => {
    const spec = { previous: [1], rejected: [aRejection(3)] };
    const state = stagingState(aDeployment({ stable: 2, canary: 3, spec }));
    expect(refusalText(plan(rollback(), state))).toContain("names version 3 as canary, which is rejected already");
    expect(summary(changed(rollback({ to: 1 }), state).deployment)).toBe("1@6 [] -3@4 -2@5");
  });

  test("a rejected earlier version in the text is in nobody's way", () => {
    const spec = { previous: [3, 1], rejected: [aRejection(3)] };
    expect(summary(changed(rollback(), stagingState(aDeployment({ stable: 2, spec }))).deployment)).toBe(
      "1@5 [] -3@4 -2@5",
    );
  });
});

describe("automatic rollback", () => {
  const automatic = (cut: Parameters<typeof aCut>[0]) =>
    rollback({ by: "guard", reason: "too many errors", cut: aCut(cut) });

  test.each([
    ["the canary", { version: 3, attempt: 6 }, aDeployment({ stable: 2, canary: 3 }), "2@5 [] -3@6"],
    [
      "the stable version, though a canary runs",
      { version: 2, attempt: 5, phase: "stable" as const },
      aDeployment({ stable: 2, canary: 3, spec: { previous: [1] } }),
      "3@6:10 1@6 [] -2@5",
    ],
    [
      "the canary that was made stable since",
      { version: 3, attempt: 6 },
      aDeployment({ stable: 3, spec: { stable: { version: 3, attempt: 6, since: earlier }, previous: [2] } }),
      "2@6 [] -3@6",
    ],
    [
      "a stable version, whose successor is the canary",
      { version: 2, attempt: 5, phase: "stable" as const },
      aDeployment({ stable: 2, canary: 1, spec: { previous: [1] } }),
      "1@6 [] -2@5",
    ],
    [
      "a version that git serves with a lower attempt, after a revert",
      { version: 3, attempt: 8 },
      aDeployment({ stable: 2, canary: 3 }),
      "2@5 [] -3@8",
    ],
    [
      "a version that waits to be fallen back to, so that it cannot come back",
      { version: 2, attempt: 4, phase: "stable" as const },
      aDeployment({ stable: 3, spec: { previous: [2, 1] } }),
      "3@5 [1] -2@4",
    ],
  ])("takes out %s", (_, cut, deployment, expected) => {
    expect(summary(changed(automatic(cut), stagingState(deployment)).deployment)).toBe(expected);
  });

  test("keeps the number of a canary that a merge left beside itself as stable", () => {
    const merged = aDeployment({ stable: 3, canary: 3, spec: { previous: [2, 1] } });
    const { deployment } = changed(automatic({ version: 2, attempt: 4, phase: "stable" }), stagingState(merged));
    expect(summary(deployment)).toBe("3@5 [1] -2@6");
  });

  test("records the phase in which the version leaves", () => {
    const stable = { version: 3, attempt: 6, since: earlier };
    const state = stagingState(aDeployment({ spec: { stable, previous: [2] } }));
    expect(changed(automatic({ version: 3, attempt: 6 }), state).change.rejection?.phase).toBe("stable");
  });

  test.each([
    ["git rejects it already", aDeployment({ spec: { rejected: [aRejection(2)] } }), "rejected in staging already"],
    ["git serves it nowhere", aDeployment({ canary: 3 }), "served nowhere in staging"],
    [
      "git serves it in a later attempt",
      aDeployment({ spec: { canary: { version: 2, attempt: 7, since: earlier, weight: 5 } } }),
      "in a later attempt than 6",
    ],
    [
      "it is stable in a later attempt",
      aDeployment({ spec: { stable: { version: 2, attempt: 7, since: earlier }, previous: [1] } }),
      "in a later attempt than 6",
    ],
  ])("is pointless when %s", (_, deployment, reason) => {
    expect(answer(plan(automatic({ version: 2, attempt: 6 }), stagingState(deployment)))).toContain(reason);
  });

  test("is pointless where the model is gone", () => {
    expect(answer(plan(automatic({ model: "gone" }), stagingState(aDeployment())))).toContain("served nowhere");
  });

  test("done twice is done once", () => {
    const state = stagingState(aDeployment({ stable: 1, canary: 2 }));
    const { tree } = changed(automatic({}), state);
    expect(answer(plan(automatic({}), aState(tree)))).toBe("skip: version 2 of fraud is rejected in staging already");
  });

  test("is refused where no version would be left", () => {
    const command = automatic({ version: 1, attempt: 5, phase: "stable" });
    expect(answer(plan(command, stagingState(aDeployment({ canary: 2 }))))).toEqual(["nothing-to-go-back-to"]);
  });
});
