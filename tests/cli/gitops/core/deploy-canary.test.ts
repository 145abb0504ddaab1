import { describe, expect, test } from "bun:test";
import { plan } from "../../../../cli/gitops/core/plan.ts";
import type { ModelVersion } from "../../../../schemas/model-version.ts";
import {
  aDeployment,
  anEnvironment,
  aRejection,
  aState,
  aTree,
  aVersion,
  deploy,
  earlier,
  now,
  promote,
  stagingState,
} from "../../../support/builders.ts";
import { answer, changed, refusalText, summary } from "../../../support/plans.ts";

const since = earlier;
const stepping = (weight: number, steps?: number[]) =>
  aDeployment({
    spec: { canary: { version: 2, attempt: 6, since, weight, ...(steps ? { steps } : {}) } },
  });

describe("--replace", () => {
  test("the running canary leaves unrejected and the new one lands in the same edit, in an attempt of its own", () => {
    const state = stagingState(aDeployment({ canary: 2, weight: 25 }));
    const { change, deployment } = changed(deploy({ version: 3, replace: true }), state);
    expect(summary(deployment)).toBe("3@7:10 1@5 []");
    expect(deployment.spec.rejected).toBeUndefined();
    expect(change.notices).toEqual(["version 2, the canary at 25 %, is taken out; it is not rejected"]);
    expect(change.traffic.after).toEqual([
      { version: 1, phase: "stable", percent: 90 },
      { version: 3, phase: "canary", percent: 10 },
    ]);
    expect(change.documents.map(({ path }) => path.split("/").at(-1))).toEqual([
      "deployment.yaml",
      "kustomization.yaml",
    ]);
  });

  test("of the same canary it is a change of weight, and of nothing a plain deploy", () => {
    const state = stagingState(aDeployment({ canary: 2 }));
    expect(summary(changed(deploy({ weight: 50, replace: true }), state).deployment)).toBe("2@6:50 1@5 []");
    const { change } = changed(deploy({ replace: true }), stagingState(aDeployment()));
    expect(change.notices).toEqual([]);
  });

  test("lets no rejected version in", () => {
    const state = stagingState(aDeployment({ canary: 2, spec: { rejected: [aRejection(3)] } }));
    expect(answer(plan(deploy({ version: 3, replace: true }), state))).toEqual(["version-rejected"]);
  });

  test("of promote --to takes the target's canary out", () => {
    const deployments = { staging: [aDeployment({ stable: 3 })], prod: [aDeployment({ canary: 2 })] };
    const state = aState(aTree({ deployments }));
    expect(answer(plan(promote({ to: "prod" }), state))).toEqual(["canary-running"]);
    const { change, deployment } = changed(promote({ to: "prod", replace: true }), state);
    expect(summary(deployment)).toBe("3@7:10 1@5 []");
    expect(change.notices).toEqual(["version 2, the canary at 10 %, is taken out; it is not rejected"]);
  });
});

describe("a signature that clients of stable break on", () => {
  const signature: ModelVersion["spec"]["signature"] = {
    inputs: [{ name: "input", datatype: "FP32", shape: [-1, 4] }],
    outputs: [{ name: "label", datatype: "INT64", shape: [-1] }],
  };
  const versions = [aVersion(), aVersion("fraud", 2, { signature }), aVersion("fraud", 3)];
  const state = (deployment = aDeployment(), prod = aDeployment()) =>
    aState(aTree({ versions, deployments: { staging: [deployment], prod: [prod] } }));
  const difference = 'input "input" has the shape [-1, 4] instead of [-1, 3]';

  test("is refused, with every difference and the flag", () => {
    expect(refusalText(plan(deploy(), state()))).toBe(
      `signature-breaks: clients of version 1 of fraud in staging would break on version 2: ${difference} ` +
        "(--allow-signature-change lets it in all the same; a model that asks for other inputs may better get a name of its own)",
    );
    const to = promote({ to: "prod" });
    expect(answer(plan(to, state(aDeployment({ stable: 2 }))))).toEqual(["signature-breaks"]);
  });

  test("is let in with --allow-signature-change, and the reviewer is told", () => {
    const notice = `clients of version 1 break on version 2: ${difference}`;
    expect(changed(deploy({ allowSignatureChange: true }), state()).change.notices).toEqual([notice]);
    const to = promote({ to: "prod", allowSignatureChange: true });
    expect(changed(to, state(aDeployment({ stable: 2 }))).change.notices).toEqual([notice]);
  });

  test("was let in with the running canary: its weight changes freely, and a promotion says it again", () => {
    const running = state(aDeployment({ canary: 2 }));
    expect(changed(deploy({ weight: 50 }), running).deployment.spec.canary?.weight).toBe(50);
    expect(changed(promote(), running).change.notices).toEqual([
      `clients of version 1 break on version 2: ${difference}`,
    ]);
  });

  test("matters to nobody where the model is new, or nothing is stable", () => {
    const prod = aTree({ versions, deployments: {} });
    expect(answer(plan(deploy(), aState(prod)))).toBe("change");
    expect(answer(plan(deploy(), state(aDeployment({ spec: { rejected: [aRejection(1)] } }))))).toBe("change");
  });

  test("is told from one that only takes or answers more", () => {
    const wide = { ...signature, inputs: [{ name: "input", datatype: "FP32" as const, shape: [-1, -1] }] };
    const tree = aTree({
      versions: [aVersion(), aVersion("fraud", 2, { signature: wide })],
      deployments: { staging: [aDeployment()] },
    });
    expect(changed(deploy(), aState(tree)).change.notices).toEqual([
      'version 2 has another signature than version 1, which breaks no client: input "input" has the shape [-1, -1] after [-1, 3]',
    ]);
  });

  test("names five differences and counts the others", () => {
    const inputs = Array.from({ length: 8 }, (_, at) => ({ name: `i${at}`, datatype: "FP64" as const, shape: [-1] }));
    const many = [aVersion(), aVersion("fraud", 2, { signature: { ...signature, inputs } })];
    const text = refusalText(
      plan(deploy(), aState(aTree({ versions: many, deployments: { staging: [aDeployment()] } }))),
    );
    expect(text).toContain('input "i3" (FP64 [-1]) is new, and requests do not have it; and 4 more (');
  });
});

describe("--steps", () => {
  const steps = [5, 25, 50, 100];

  test("that all lie below the weight that is given with them are refused; one at it is the last", () => {
    const both = (weight: number) => plan(deploy({ steps: [5, 25], weight }), stagingState(aDeployment()));
    expect(answer(both(50))).toEqual(["steps-passed"]);
    expect(
      changed(deploy({ steps: [5, 25], weight: 25 }), stagingState(aDeployment())).deployment.spec.canary,
    ).toMatchObject({ weight: 25, steps: [5, 25] });
  });

  test("are recorded with the canary, which starts at the first of them; the reviewer reads the way", () => {
    const { change, deployment } = changed(deploy({ steps }), stagingState(aDeployment()));
    expect(deployment.spec.canary).toEqual({ version: 2, attempt: 6, since: now, weight: 5, steps });
    expect(change.title).toBe("Deploy fraud 2 to staging at 5 %");
    expect(change.notices).toEqual([
      "goes in steps: 5 % now, then 25 %, 50 %, 100 % and a promotion (mmsp deploy fraud --version 2 --env staging --canary next)",
    ]);
  });

  test("with --canary the canary starts there", () => {
    const { deployment } = changed(deploy({ steps, weight: 30 }), stagingState(aDeployment()));
    expect(deployment.spec.canary).toMatchObject({ weight: 30, steps });
  });

  test("of the running canary change without its weight, and the same ones are nothing to do", () => {
    const { change, deployment } = changed(deploy({ steps: [10, 60] }), stagingState(stepping(10, steps)));
    expect(deployment.spec.canary).toEqual({ version: 2, attempt: 6, since, weight: 10, steps: [10, 60] });
    expect(change.title).toBe("Set the steps of fraud 2 in staging");
    expect(change.documents).toHaveLength(1);
    expect(answer(plan(deploy({ steps }), stagingState(stepping(5, steps))))).toStartWith("skip: version 2");
  });

  test("stay when only the weight changes, and go with the promotion", () => {
    const state = stagingState(stepping(5, steps));
    expect(changed(deploy({ weight: 40 }), state).deployment.spec.canary).toMatchObject({ weight: 40, steps });
    expect(changed(promote(), state).deployment.spec).not.toHaveProperty("canary");
  });

  test("are not recorded where the version becomes stable at once, and it is said", () => {
    const { change, deployment } = changed(deploy({ steps }), aState());
    expect(deployment.spec.canary).toBeUndefined();
    expect(change.notices).toContain("it becomes stable at once, so no steps are recorded");
  });

  test.each([
    [[]],
    [[0, 5]],
    [[5, 5]],
    [[50, 5]],
    [[5, 101]],
    [[1.5]],
    [Array.from({ length: 21 }, (_, at) => at + 1)],
  ])("%p are none", (wrong) => {
    expect(answer(plan(deploy({ steps: wrong }), stagingState(aDeployment())))).toEqual(["steps-invalid"]);
  });
});

describe("--canary next", () => {
  const next = deploy({ weight: "next" });
  const steps = [5, 25, 100];

  test.each([
    ["the step after the one that it is at", stepping(5, steps), 25],
    ["the first step above a weight between two", stepping(30, steps), 100],
    ["the environment's step where none are recorded", stepping(10), 50],
    ["the first one where the version is no canary yet", aDeployment(), 10],
  ])("goes to %s", (_, deployment, weight) => {
    expect(changed(next, stagingState(deployment)).deployment.spec.canary?.weight).toBe(weight);
  });

  test("at the last step says that a promotion is left", () => {
    expect(refusalText(plan(next, stagingState(stepping(100, steps))))).toBe(
      "steps-done: version 2 of fraud has no step after 100 % in staging (mmsp promote fraud --version 2 --env staging makes it stable)",
    );
  });

  test("of the stable version is nothing to do, and of another one than the canary refused", () => {
    const state = stagingState(stepping(5, steps));
    expect(answer(plan(deploy({ version: 1, weight: "next" }), state))).toStartWith("skip: version 1");
    expect(answer(plan(deploy({ version: 3, weight: "next" }), state))).toEqual(["canary-running"]);
  });
});

describe("a freeze", () => {
  const freeze = [{ from: earlier, to: "2026-12-01T00:00:00Z", reason: "holidays" }];
  const deployments = { staging: [aDeployment({ canary: 2 })], prod: [aDeployment({ stable: 3 })] };
  const frozen = (name: string) =>
    aState(
      aTree({
        environments: ["staging", "prod"].map((each) => anEnvironment(each, each === name ? { freeze } : {})),
        deployments,
      }),
    );

  test.each([
    ["a deploy", deploy({ version: 3, replace: true, force: true })],
    ["another weight", deploy({ weight: 50 })],
    ["the next step", deploy({ weight: "next" })],
    ["a promotion", promote()],
  ])("stops %s, whatever the flags", (_, command) => {
    expect(answer(plan(command, frozen("staging")))).toEqual(["environment-frozen"]);
  });

  test("of the target stops promote --to, one of the source does not", () => {
    expect(answer(plan(promote({ to: "prod" }), frozen("prod")))).toEqual(["environment-frozen"]);
    expect(answer(plan(promote({ to: "prod" }), frozen("staging")))).toBe("change");
  });
});

describe("promote --to past the policy", () => {
  const between = (promotesTo?: string) =>
    aState(
      aTree({
        environments: [anEnvironment("staging", promotesTo ? { promotesTo } : {}), anEnvironment("prod")],
        deployments: { staging: [aDeployment()], prod: [aDeployment({ stable: 2 })] },
      }),
    );

  test("says where the source promotes to; on the way that it names, or where it names none, nothing", () => {
    const to = promote({ to: "prod" });
    expect(changed(to, between("eu")).change.notices).toEqual([
      "goes past the policy of staging, which promotes to eu, not to prod",
    ]);
    expect(changed(to, between("prod")).change.notices).toEqual([]);
    expect(changed(to, between()).change.notices).toEqual([]);
  });
});
