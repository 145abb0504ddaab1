import { describe, expect, test } from "bun:test";
import { plan } from "../../../../cli/gitops/core/plan.ts";
import { paths } from "../../../../schemas/tree.ts";
import {
  aDeployment,
  anEnvironment,
  aProject,
  aProposal,
  aRejection,
  aState,
  aTree,
  aVersion,
  deploy,
  digest,
  earlier,
  now,
  stagingState,
} from "../../../support/builders.ts";
import { answer, changed, refusalText, summary } from "../../../support/plans.ts";

describe("deploy", () => {
  test("a model's first deploy becomes stable at 100 %, with a notice", () => {
    const { change, deployment } = changed(deploy({ version: 2, weight: 10 }), aState());
    expect(deployment).toEqual({
      apiVersion: "mmsp.dev/v1alpha1",
      kind: "ModelDeployment",
      metadata: { name: "fraud" },
      spec: { model: "fraud", stable: { version: 2, attempt: 1, since: now }, rollback: { automatic: true } },
    });
    const [notice] = change.notices;
    expect(change.notices).toHaveLength(1);
    expect(notice).toBe(
      "fraud is new in staging: version 2 becomes stable, at 100 %, and not at 10 %: nothing else could serve the rest",
    );
    const plain = changed(deploy({ version: 2, weight: null }), aState());
    expect(plain.change.notices).toEqual(["fraud is new in staging: version 2 becomes stable, at 100 %"]);
    expect(change.traffic).toEqual({ before: [], after: [{ version: 2, phase: "stable", percent: 100 }] });
    expect(change.documents[1]).toEqual({
      path: paths.deploymentKustomization("staging", "fraud"),
      value: {
        apiVersion: "kustomize.config.k8s.io/v1beta1",
        kind: "Kustomization",
        resources: ["deployment.yaml", "../../../registry/fraud/2"],
      },
    });
  });

  test("starts at the environment's first step, in the next attempt", () => {
    const steps: [number[] | undefined, number[] | undefined, number][] = [
      [[5, 50], [20], 5],
      [undefined, [20], 20],
      [undefined, undefined, 10],
    ];
    for (const [own, defaults, weight] of steps) {
      const environments = [anEnvironment("staging", own ? { steps: own } : {})];
      const project = aProject(defaults ? { defaults: { steps: defaults } } : {});
      const tree = aTree({ environments, project, deployments: { staging: [aDeployment()] } });
      const { deployment } = changed(deploy(), aState(tree));
      expect(summary(deployment)).toBe(`2@6:${weight} 1@5 []`);
    }
  });

  test("tells the reviewer what it is about", () => {
    const { change } = changed(deploy({ weight: 25 }), stagingState(aDeployment()));
    expect(change.branch).toBe("mmsp/staging/fraud/deploy-2");
    expect(change.title).toBe("Deploy fraud 2 to staging at 25 %");
    expect(change.subject?.spec.version).toBe(2);
    expect(change.replaces?.spec.version).toBe(1);
    expect(change.traffic.after).toEqual([
      { version: 1, phase: "stable", percent: 75 },
      { version: 2, phase: "canary", percent: 25 },
    ]);
  });

  test("an existing kustomization gets new resources and keeps the rest", () => {
    const { change } = changed(deploy(), stagingState(aDeployment()));
    expect(change.documents[1]).toEqual({
      path: paths.deploymentKustomization("staging", "fraud"),
      value: { resources: ["deployment.yaml", "../../../registry/fraud/1", "../../../registry/fraud/2"] },
      merge: true,
    });
  });

  test("the weight of the running canary changes, its attempt and since stay", () => {
    const { change, deployment } = changed(deploy({ weight: 50 }), stagingState(aDeployment({ canary: 2 })));
    expect(deployment.spec.canary).toEqual({ version: 2, attempt: 6, since: earlier, weight: 50 });
    expect(change.documents.map((document) => document.path)).toEqual([paths.deployment("staging", "fraud")]);
  });

  test.each([
    [
      "the canary at the same weight",
      deploy({ weight: 10 }),
      "skip: version 2 of fraud is the canary in staging already, at 10 %; --canary next takes it to 50 %",
    ],
    [
      "the canary without a weight",
      deploy(),
      "skip: version 2 of fraud is the canary in staging already, at 10 %; --canary next takes it to 50 %",
    ],
    [
      "the stable version",
      deploy({ version: 1, weight: null }),
      "skip: version 1 of fraud is stable in staging already",
    ],
    [
      "the stable version as a canary",
      deploy({ version: 1, weight: 10 }),
      "skip: version 1 of fraud is stable in staging already, with all traffic: --canary 10 is for another",
    ],
  ])("skips %s, also where the model is locked", (_, command, expected) => {
    const lock = { reason: "audit", by: "ann", at: earlier };
    expect(answer(plan(command, stagingState(aDeployment({ canary: 2, spec: { lock } }))))).toBe(expected);
  });

  test.each([0, 1, 99, 100])("a canary may have %d %", (weight) => {
    const { deployment } = changed(deploy({ weight }), stagingState(aDeployment()));
    expect(deployment.spec.canary?.weight).toBe(weight);
  });

  test.each([-1, 101, 0.5, Number.NaN, Number.POSITIVE_INFINITY])("refuses a weight of %d", (weight) => {
    expect(answer(plan(deploy({ weight }), stagingState(aDeployment())))).toEqual(["weight-invalid"]);
  });

  test("is refused while another version is the canary, with what to do", () => {
    expect(refusalText(plan(deploy({ version: 3 }), stagingState(aDeployment({ canary: 2 }))))).toBe(
      "canary-running: version 2 of fraud is the canary in staging, at 10 % (mmsp promote fraud --env staging makes it stable, mmsp rollback fraud --env staging removes it, --replace puts version 3 in its place)",
    );
  });

  test("a rejected version is refused; by force it comes back, in an attempt above the one that was rejected", () => {
    const state = stagingState(
      aDeployment({ spec: { rejected: [aRejection(2, { attempt: 9 }), aRejection(3, { attempt: 4 })] } }),
    );
    expect(refusalText(plan(deploy(), state))).toContain(
      `version-rejected: version 2 of fraud is rejected in staging since ${earlier} (guard): too many errors (mmsp deploy fraud --version 2 --env staging --force`,
    );
    const { change, deployment } = changed(deploy({ force: true }), state);
    expect(summary(deployment)).toBe("2@10:10 1@5 [] -3@4");
    expect(change.notices).toEqual(["takes back the rejection of version 2: too many errors"]);
  });

  test("a lock and a freeze are told with reason, by and until", () => {
    const lock = { reason: "audit", by: "ann", at: earlier };
    const freeze = [{ from: earlier, to: "2026-12-01T00:00:00Z", reason: "holidays" }];
    const environments = [anEnvironment("staging", { freeze })];
    const state = aState(aTree({ environments, deployments: { staging: [aDeployment({ spec: { lock } })] } }));
    const text = refusalText(plan(deploy(), state));
    expect(text).toContain("environment-frozen: staging is frozen until 2026-12-01T00:00:00Z: holidays");
    expect(text).toContain(`model-locked: fraud in staging was locked by ann at ${earlier}: audit`);
  });

  test("a freeze holds from its first moment until before its last", () => {
    const freeze = [{ from: "2026-11-21T00:00:00Z", to: "2026-11-22T00:00:00Z", reason: "release" }];
    const tree = aTree({
      environments: [anEnvironment("staging", { freeze })],
      deployments: { staging: [aDeployment()] },
    });
    const times = ["2026-11-20T23:59:59Z", "2026-11-21T00:00:00Z", "2026-11-21T23:59:59.999Z", "2026-11-22T00:00:00Z"];
    expect(times.map((now) => plan(deploy(), aState(tree, { now })).kind)).toEqual([
      "change",
      "refusal",
      "refusal",
      "change",
    ]);
  });

  test("what does not exist is told with what does, all at once", () => {
    const text = refusalText(plan(deploy({ environment: "stagin", model: "frau", weight: 200 }), aState()));
    expect(text.split("\n")).toEqual([
      'environment-unknown: there is no environment "stagin" (did you mean "staging"? environments: prod, staging)',
      'model-unknown: there is no model "frau" in the registry (did you mean "fraud"? registered models: fraud)',
      "weight-invalid: 200 is no canary weight (a whole percentage from 0 to 100, such as --canary 10)",
    ]);
    expect(refusalText(plan(deploy({ version: 33 }), aState()))).toBe(
      'version-unknown: version 33 of fraud is not in the registry (did you mean "3"? registered versions: 1, 2, 3)',
    );
    expect(refusalText(plan(deploy({ version: 9 }), aState()))).toContain("(registered versions: 1, 2, 3)");
  });

  test("an environment whose policy cannot be read is told apart from one that is not there", () => {
    const state = aState(aTree({ environments: [anEnvironment("prod")] }), { environmentNames: ["prod", "staging"] });
    expect(answer(plan(deploy(), state))).toEqual(["environment-unreadable"]);
  });

  test.each(["..", "a/b", "../../etc", "", "Fraud", "registry", "-a", "a".repeat(64)])(
    "no path gets in by the name %p",
    (name) => {
      const codes = answer(plan(deploy({ model: name, environment: name }), aState()));
      const code = name === "registry" ? "name-reserved" : "name-invalid";
      expect(codes).toEqual([code, code]);
    },
  );

  test("a version that an open pull request registers goes onto that branch once it is there", () => {
    const branch = `mmsp/registry/fraud/3-${digest("fraud 3").slice(0, 8)}`;
    const deployments = { staging: [aDeployment()] };
    const base = aTree({ versions: [aVersion("fraud", 1)], deployments });
    const proposals = [aProposal(branch, 12)];
    expect(refusalText(plan(deploy({ version: 3 }), aState(base, { proposals })))).toContain(
      "version-proposed: version 3 of fraud is not in the registry yet: pull request #12 registers it",
    );
    const there = aTree({ versions: [aVersion("fraud", 1), aVersion("fraud", 3)], deployments });
    const { change } = changed(deploy({ version: 3 }), aState(there, { proposals }));
    expect(change.branch).toBe(branch);
  });

  test("files are copied where the environment has a store of its own", () => {
    const environments = [anEnvironment("staging", { artifactStore: "s3://models/staging" })];
    const { change } = changed(deploy(), aState(aTree({ environments, deployments: { staging: [aDeployment()] } })));
    const sha256 = digest("fraud 2");
    expect(change.artifacts).toEqual([
      {
        key: `sha256/${sha256}/model.onnx`,
        sha256,
        from: { kind: "store", store: "examples/store" },
        store: "s3://models/staging",
      },
    ]);
  });

  test("what people wrote stays: labels, annotations, routing, slo, empty lists", () => {
    const before = aDeployment({
      spec: { routing: { stickyBy: "header:user" }, slo: { drift: 0.2 }, previous: [], rejected: [] },
    });
    const people = { ...before, metadata: { name: "fraud", labels: { team: "risk" }, annotations: { note: "x" } } };
    const { deployment } = changed(deploy(), stagingState(people));
    const { canary: _, ...spec } = deployment.spec;
    expect({ ...deployment, spec }).toEqual(people);
  });

  describe("after a stale plan merged over a rollback", () => {
    const merged = aDeployment({ stable: 2, spec: { previous: [1], rejected: [aRejection(2, { attempt: 5 })] } });

    test("writes down what is served, and says so", () => {
      const { change, deployment } = changed(deploy({ version: 3 }), stagingState(merged));
      expect(summary(deployment)).toBe("3@6:10 1@5 [] -2@5");
      expect(change.notices).toEqual([
        "the document named version 2, which is rejected, as stable; it now says what is served",
      ]);
    });

    test("the version that took over is written down as stable, and is so already after that", () => {
      const { tree, deployment } = changed(deploy({ version: 1 }), stagingState(merged));
      expect(summary(deployment)).toBe("1@5 [] -2@5");
      expect(answer(plan(deploy({ version: 1 }), aState(tree)))).toContain("stable in staging already");
    });

    test("the rejected version comes back by force as a canary only", () => {
      const { deployment } = changed(deploy({ version: 2, force: true }), stagingState(merged));
      expect(summary(deployment)).toBe("2@6:10 1@5 []");
    });

    test("where nothing is left to serve, a version becomes stable", () => {
      const none = aDeployment({ stable: 2, spec: { rejected: [aRejection(2)] } });
      const { change, deployment } = changed(deploy({ version: 3 }), stagingState(none));
      expect(summary(deployment)).toBe("3@6 [] -2@4");
      expect(change.notices).toContain("every stable version is rejected: version 3 becomes stable, at 100 %");
      const canary = aDeployment({ stable: 2, canary: 3, spec: { rejected: [aRejection(2)] } });
      expect(summary(changed(deploy({ version: 3, weight: 20 }), stagingState(canary)).deployment)).toBe("3@7 [] -2@4");
    });
  });
});
