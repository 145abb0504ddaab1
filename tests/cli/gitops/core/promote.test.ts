import { describe, expect, test } from "bun:test";
import { plan } from "../../../../cli/gitops/core/plan.ts";
import {
  aDeployment,
  anEnvironment,
  aRejection,
  aState,
  aTree,
  aVersion,
  digest,
  earlier,
  now,
  promote,
  stagingState,
} from "../../../support/builders.ts";
import { answer, changed, refusalText, summary } from "../../../support/plans.ts";

const lock = { reason: "audit", by: "ann", at: earlier };

describe("promote in place", () => {
  test("the canary becomes stable with its attempt, the old stable one is the first of previous", () => {
    const { change, deployment } = changed(
      promote(),
      stagingState(aDeployment({ stable: 2, canary: 3, spec: { previous: [1] } })),
    );
    expect(deployment.spec.stable).toEqual({ version: 3, attempt: 6, since: now });
    expect(deployment.spec.canary).toBeUndefined();
    expect(deployment.spec.previous).toEqual([2, 1]);
    expect(change.branch).toBe("mmsp/staging/fraud/promote-3");
    expect(change.title).toBe("Promote fraud 3 to stable in staging");
    expect([change.subject?.spec.version, change.replaces?.spec.version]).toEqual([3, 2]);
    expect(change.traffic.after).toEqual([{ version: 3, phase: "stable", percent: 100 }]);
  });

  test("previous holds five at most, and nobody twice", () => {
    const versions = [1, 2, 3, 4, 5, 6, 7].map((version) => aVersion("fraud", version));
    const at = (stable: number, canary: number, previous: number[]) =>
      aState(aTree({ versions, deployments: { staging: [aDeployment({ stable, canary, spec: { previous } })] } }));
    expect(changed(promote(), at(6, 7, [5, 4, 3, 2, 1])).deployment.spec.previous).toEqual([6, 5, 4, 3, 2]);
    expect(changed(promote(), at(6, 3, [5, 4, 3, 2, 1])).deployment.spec.previous).toEqual([6, 5, 4, 2, 1]);
  });

  test.each([
    ["the canary's version named", promote({ version: 2 }), "change"],
    ["another version than the canary's", promote({ version: 3 }), ["canary-other"]],
    ["the stable version", promote({ version: 1 }), "skip: version 1 of fraud is stable in staging already"],
    ["an unknown version", promote({ version: 9 }), ["version-unknown"]],
    [
      "an unknown environment and model",
      promote({ model: "x", environment: "y" }),
      ["environment-unknown", "model-unknown"],
    ],
    ["a model that is not there", promote({ environment: "prod" }), ["not-deployed"]],
  ])("with %s", (_, command, expected) => {
    expect(answer(plan(command, stagingState(aDeployment({ canary: 2 }))))).toEqual(expected);
  });

  test("without a canary says what to do", () => {
    expect(refusalText(plan(promote(), stagingState(aDeployment())))).toBe(
      "no-canary: fraud has no canary in staging; version 1 is stable (mmsp deploy fraud --version N --env staging starts one)",
    );
    expect(answer(plan(promote({ version: 2 }), stagingState(aDeployment())))).toEqual(["no-canary"]);
  });

  test("a rejected canary is none", () => {
    const state = stagingState(aDeployment({ canary: 2, spec: { rejected: [aRejection(2)] } }));
    expect(answer(plan(promote(), state))).toEqual(["no-canary"]);
    expect(answer(plan(promote({ version: 2 }), state))).toEqual(["version-rejected"]);
  });

  test("is refused where the model is locked or the environment frozen", () => {
    const freeze = [{ from: earlier, to: "2026-12-01T00:00:00Z", reason: "holidays" }];
    const environments = [anEnvironment("staging", { freeze })];
    const deployments = { staging: [aDeployment({ canary: 2, spec: { lock } })] };
    expect(answer(plan(promote(), aState(aTree({ environments, deployments }))))).toEqual([
      "environment-frozen",
      "model-locked",
    ]);
  });

  test("a rejected stable version does not become an earlier one", () => {
    const merged = aDeployment({
      stable: 2,
      canary: 3,
      spec: { previous: [1], rejected: [aRejection(2, { attempt: 5 })] },
    });
    expect(summary(changed(promote(), stagingState(merged)).deployment)).toBe("3@6 [1] -2@5");
  });
});

describe("promote --to", () => {
  const to = promote({ to: "prod" });
  const between = (
    staging: Parameters<typeof aDeployment>[0],
    prod: Parameters<typeof aDeployment>[0] | null,
    prodPolicy = {},
  ) =>
    aState(
      aTree({
        environments: [anEnvironment("staging"), anEnvironment("prod", prodPolicy)],
        deployments: { staging: [aDeployment(staging)], ...(prod ? { prod: [aDeployment(prod)] } : {}) },
      }),
    );

  test("lands as canary at the target's first step, in the target's next attempt", () => {
    const { change, deployment } = changed(to, between({ stable: 2 }, { stable: 1 }, { steps: [3, 100] }));
    expect(summary(deployment)).toBe("2@6:3 1@5 []");
    expect(change.environment).toBe("prod");
    expect(change.branch).toBe("mmsp/prod/fraud/promote-2");
    expect(change.title).toBe("Promote fraud 2 from staging to prod at 3 %");
    expect(change.artifacts).toEqual([]);
    expect(change.replaces?.spec.version).toBe(1);
  });

  test("lands as stable where the model is new", () => {
    const { change, deployment } = changed(to, between({ stable: 2 }, null));
    expect(summary(deployment)).toBe("2@1 []");
    expect(change.notices[0]).toContain("becomes stable, at 100 %");
  });

  test("takes the artifact and the baseline along where the stores differ", () => {
    const sha256 = digest("baseline");
    const baseline = { key: `sha256/${sha256}/rows.parquet`, sha256, sizeBytes: 10, rows: 3 };
    const versions = [aVersion("fraud", 1), aVersion("fraud", 2, { baseline })];
    const environments = [anEnvironment("staging"), anEnvironment("prod", { artifactStore: "file:///srv/models" })];
    const deployments = { staging: [aDeployment({ stable: 2 })], prod: [aDeployment()] };
    const { change } = changed(to, aState(aTree({ environments, versions, deployments })));
    const from = { kind: "store" as const, store: "examples/store" };
    expect(change.artifacts).toEqual([
      { key: `sha256/${digest("fraud 2")}/model.onnx`, sha256: digest("fraud 2"), from, store: "file:///srv/models" },
      { key: baseline.key, sha256, from, store: "file:///srv/models" },
    ]);
  });

  test("a file too large for a store in the repository is refused", () => {
    const sha256 = digest("big");
    const artifact = { key: `sha256/${sha256}/model.onnx`, sha256, sizeBytes: 11 * 1024 * 1024 };
    const environments = [
      anEnvironment("staging", { artifactStore: "file:///srv/models" }),
      anEnvironment("prod", { artifactStore: "store" }),
    ];
    const deployments = { staging: [aDeployment()], prod: [aDeployment({ stable: 2 })] };
    const versions = [aVersion("fraud", 1, { artifact }), aVersion("fraud", 2)];
    expect(answer(plan(to, aState(aTree({ environments, versions, deployments }))))).toEqual(["artifact-too-large"]);
  });

  test("a version by reference needs no copy", () => {
    const artifact = { uri: "https://models.example/m.onnx", sha256: digest(1), sizeBytes: 10 };
    const environments = [anEnvironment("staging"), anEnvironment("prod", { artifactStore: "s3://models" })];
    const versions = [aVersion("fraud", 1, { artifact })];
    const { change } = changed(
      to,
      aState(aTree({ environments, versions, deployments: { staging: [aDeployment()] } })),
    );
    expect(change.artifacts).toEqual([]);
  });

  test.each([
    ["stable there already", { stable: 1 }, { stable: 1 }, "skip: version 1 of fraud is stable in prod already"],
    [
      "the canary there already",
      { stable: 1 },
      { stable: 2, canary: 1 },
      "skip: version 1 of fraud is the canary in prod already, at 10 %",
    ],
    ["refused while another canary runs there", { stable: 1 }, { stable: 2, canary: 3 }, ["canary-running"]],
    [
      "refused where rejected in the target",
      { stable: 1 },
      { stable: 2, spec: { rejected: [aRejection(1)] } },
      ["version-rejected"],
    ],
    ["refused where the target is locked", { stable: 1 }, { stable: 2, spec: { lock } }, ["model-locked"]],
    ["allowed where the source is locked", { stable: 1, spec: { lock } }, { stable: 2 }, "change"],
  ])("%s", (_, staging, prod, expected) => {
    expect(answer(plan(to, between(staging, prod)))).toEqual(expected);
  });

  test("what somebody has made stable by hand without registering it does not go on", () => {
    const tree = aTree({ deployments: { staging: [aDeployment({ stable: 77 })] } });
    const refused = plan(promote({ to: "prod", version: null }), aState(tree));
    expect(refused).toMatchObject({ kind: "refusal", problems: [{ code: "version-unknown" }] });
  });

  test("is refused for what is not stable in the source, with what to do", () => {
    const state = between({ stable: 1, canary: 2, spec: { rejected: [aRejection(3)] } }, null);
    expect(refusalText(plan(promote({ to: "prod", version: 2 }), state))).toBe(
      "not-stable-in-source: version 2 of fraud is not stable in staging; version 1 is (mmsp promote fraud --version 2 --env staging makes it stable there)",
    );
    expect(answer(plan(promote({ to: "prod", version: 3 }), state))).toEqual(["version-rejected"]);
  });

  test("what is stable by the text but rejected does not go on; what is served does", () => {
    const merged = { stable: 2, spec: { previous: [1], rejected: [aRejection(2)] } };
    expect(summary(changed(to, between(merged, null)).deployment)).toBe("1@1 []");
    expect(answer(plan(promote({ to: "prod", version: 2 }), between(merged, null)))).toEqual(["version-rejected"]);
    const none = { stable: 2, spec: { rejected: [aRejection(2)] } };
    expect(answer(plan(to, between(none, null)))).toEqual(["nothing-served"]);
  });

  test.each([
    ["the same environment", promote({ to: "staging" }), ["environment-same"]],
    ["an unknown target", promote({ to: "prd" }), ["environment-unknown"]],
    ["an unknown version", promote({ to: "prod", version: 8 }), ["version-unknown"]],
    ["a source where it is not deployed", promote({ environment: "prod", to: "staging" }), ["not-deployed"]],
  ])("is refused for %s", (_, command, expected) => {
    expect(answer(plan(command, between({}, null)))).toEqual(expected);
  });
});
