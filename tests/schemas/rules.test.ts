import { describe, expect, test } from "bun:test";
import type { ModelDeployment } from "../../schemas/model-deployment.ts";
import {
  checkTree,
  durationMs,
  effective,
  highestAttempt,
  kustomizationResources,
  reservedNames,
  servedSet,
  sloOf,
  stepsOf,
} from "../../schemas/rules.ts";
import type { Tree } from "../../schemas/tree.ts";
import { aDeployment, anEnvironment, aProject, aRejection, aTree, aVersion, digest } from "../support/builders.ts";

/** Rejections in attempt 4 of these versions. */
const rejected = (...versions: number[]) => versions.map((version) => aRejection(version));
const shadow = (version: number) => ({ version, percent: 5 });

describe("the effective document and the served set", () => {
  const tables: [string, ModelDeployment, (string | number | null | number[])[]][] = [
    // stable@attempt, canary, shadow, previous, served
    ["plain", aDeployment(), ["1@5", null, null, [], [1]]],
    ["with a canary", aDeployment({ canary: 2 }), ["1@5", 2, null, [], [1, 2]]],
    [
      "with all",
      aDeployment({ stable: 3, canary: 5, spec: { previous: [2, 1], shadow: shadow(4) } }),
      ["3@5", 5, 4, [2, 1], [2, 3, 4, 5]],
    ],
    [
      "stable rejected",
      aDeployment({ stable: 3, spec: { previous: [2, 1], rejected: rejected(3) } }),
      ["2@null", null, null, [1], [1, 2]],
    ],
    [
      "stable and the next rejected",
      aDeployment({ stable: 3, spec: { previous: [2, 1], rejected: rejected(3, 2) } }),
      ["1@null", null, null, [], [1]],
    ],
    [
      "all rejected",
      aDeployment({ stable: 3, spec: { previous: [2], rejected: rejected(2, 3) } }),
      [null, null, null, [], []],
    ],
    ["canary rejected", aDeployment({ canary: 2, spec: { rejected: rejected(2) } }), ["1@5", null, null, [], [1]]],
    [
      "shadow rejected",
      aDeployment({ spec: { shadow: shadow(2), rejected: rejected(2) } }),
      ["1@5", null, null, [], [1]],
    ],
    ["canary is stable", aDeployment({ canary: 1 }), ["1@5", null, null, [], [1]]],
    [
      "the canary took over",
      aDeployment({ stable: 3, canary: 2, spec: { previous: [2, 1], rejected: rejected(3) } }),
      ["2@null", null, null, [1], [1, 2]],
    ],
    [
      "previous repeats",
      aDeployment({ stable: 3, spec: { previous: [2, 3, 2, 1] } }),
      ["3@5", null, null, [2, 1], [2, 3]],
    ],
  ];
  test.each(tables)("%s", (_, deployment, expected) => {
    const { stable, canary, shadow, previous } = effective(deployment);
    expect([
      stable && `${stable.version}@${stable.attempt}`,
      canary?.version ?? null,
      shadow?.version ?? null,
      [...previous],
      [...servedSet(deployment)],
    ]).toEqual(expected);
  });

  test("the kustomization names the deployment and the served set", () => {
    expect(kustomizationResources(aDeployment({ canary: 2 }))).toEqual([
      "deployment.yaml",
      "../../../registry/fraud/1",
      "../../../registry/fraud/2",
    ]);
  });
});

describe("each rule, violated once", () => {
  const staging = (deployment: ModelDeployment): Tree => aTree({ deployments: { staging: [deployment] } });
  const withKustomization = (resources: readonly string[] | null): Tree => {
    const tree = staging(aDeployment());
    const kustomizations = new Map(tree.kustomizations);
    const path = "environments/staging/models/fraud/kustomization.yaml";
    if (resources === null) kustomizations.delete(path);
    else kustomizations.set(path, resources);
    return { ...tree, kustomizations };
  };
  const sha256 = digest(1);
  const key = `sha256/${sha256}/m.onnx`;
  const versionWith = (artifact: ReturnType<typeof aVersion>["spec"]["artifact"]) =>
    aTree({ versions: [aVersion("fraud", 1, { artifact })] });
  const environment = (spec: Parameters<typeof anEnvironment>[1]) =>
    aTree({ environments: [anEnvironment("dev", spec)] });

  const tables: [string, Tree, string][] = [
    ["neither key nor uri", versionWith({ sha256, sizeBytes: 1 }), "artifact-place spec.artifact"],
    ["key and uri", versionWith({ key, uri: "https://x/y", sha256, sizeBytes: 1 }), "artifact-place spec.artifact"],
    ["a key of another digest", versionWith({ key, sha256: digest(2), sizeBytes: 1 }), "artifact-digest spec.artifact"],
    [
      "an environment with a reserved name",
      aTree({ environments: [anEnvironment("registry")] }),
      "name-reserved metadata.name",
    ],
    ["promotion into nowhere", environment({ promotesTo: "moon" }), "environment-unknown spec.promotesTo"],
    [
      "a cluster with a store in the repository",
      environment({ backend: "triton" }),
      "store-not-reachable spec.artifactStore",
    ],
    [
      "a cluster with a store on a disk",
      environment({ backend: "kserve", artifactStore: "file:///srv" }),
      "store-not-reachable spec.artifactStore",
    ],
    [
      "a model with a reserved name",
      aTree({
        versions: [aVersion("models", 1)],
        deployments: { staging: [aDeployment({ model: "models" })] },
      }),
      "name-reserved spec.model",
    ],
    [
      "a deployment in no environment",
      aTree({ environments: [anEnvironment("prod")], deployments: { staging: [aDeployment()] } }),
      "environment-unknown spec",
    ],
    ["an unregistered stable version", staging(aDeployment({ stable: 9 })), "version-unknown spec.stable.version"],
    ["an unregistered canary", staging(aDeployment({ canary: 9 })), "version-unknown spec.canary.version"],
    [
      "an unregistered shadow",
      staging(aDeployment({ spec: { shadow: shadow(9) } })),
      "version-unknown spec.shadow.version",
    ],
    [
      "an unregistered earlier version",
      staging(aDeployment({ spec: { previous: [2, 9] } })),
      "version-unknown spec.previous[1]",
    ],
    [
      "a rejected stable version",
      staging(aDeployment({ spec: { rejected: rejected(1) } })),
      "version-rejected spec.stable.version",
    ],
    [
      "a rejected canary",
      staging(aDeployment({ canary: 2, spec: { rejected: rejected(2) } })),
      "version-rejected spec.canary.version",
    ],
    [
      "a rejected shadow",
      staging(aDeployment({ spec: { shadow: shadow(2), rejected: rejected(2) } })),
      "version-rejected spec.shadow.version",
    ],
    [
      "a rejected earlier version",
      staging(aDeployment({ spec: { previous: [2], rejected: rejected(2) } })),
      "version-rejected spec.previous[0]",
    ],
    ["a canary that is stable", staging(aDeployment({ canary: 1 })), "canary-is-stable spec.canary.version"],
    [
      "previous with a version twice",
      staging(aDeployment({ spec: { previous: [2, 2] } })),
      "previous-repeats spec.previous",
    ],
    [
      "previous with the stable version",
      staging(aDeployment({ spec: { previous: [1] } })),
      "previous-repeats spec.previous",
    ],
    [
      "evidence of more than 1 KiB",
      staging(
        aDeployment({
          spec: {
            rejected: [aRejection(2, { evidence: { a: "x".repeat(500), b: "x".repeat(500), c: "ä".repeat(12) } })],
          },
        }),
      ),
      "evidence-too-large spec.rejected[0].evidence",
    ],
    ["no kustomization", withKustomization(null), "kustomization-missing "],
    ["a kustomization that lacks a version", withKustomization(["deployment.yaml"]), "kustomization-stale resources"],
    [
      "a kustomization with one too many",
      withKustomization([...kustomizationResources(aDeployment()), "../../../registry/fraud/2"]),
      "kustomization-stale resources",
    ],
  ];
  test.each(tables)("%s", (_, tree, expected) => {
    const problems = checkTree(tree);
    expect(problems.map(({ code, path }) => `${code} ${path ?? ""}`)).toEqual([expected]);
    expect(problems[0]?.file).toMatch(/^environments\/.*\.yaml$/);
    expect(problems[0]?.message).not.toBe("");
  });

  test("a tree in which all is well has no problem, whatever the order in the kustomization", () => {
    expect(checkTree(staging(aDeployment({ canary: 2, spec: { previous: [3], shadow: shadow(2) } })))).toEqual([]);
    expect(checkTree(withKustomization(["../../../registry/fraud/1", "deployment.yaml"]))).toEqual([]);
    expect(checkTree(environment({ backend: "triton", artifactStore: "s3://bucket/x" }))).toEqual([]);
  });

  test("no reserved name is a model's", () => {
    for (const model of reservedNames) {
      const tree = aTree({ versions: [aVersion(model)], deployments: { staging: [aDeployment({ model })] } });
      expect(checkTree(tree).map(({ code }) => code)).toEqual(["name-reserved"]);
    }
  });
});

describe("defaults", () => {
  test("steps are the environment's, the project's, or 10, 50, 100", () => {
    expect(stepsOf(null, null)).toEqual([10, 50, 100]);
    expect(stepsOf(anEnvironment(), aProject({ defaults: { steps: [20] } }))).toEqual([20]);
    expect(stepsOf(anEnvironment("x", { steps: [5] }), aProject({ defaults: { steps: [20] } }))).toEqual([5]);
  });

  test("objectives come field by field from the deployment, the environment, the project", () => {
    const deployment = aDeployment({ spec: { slo: { errorRate: 0.5 } } });
    const environment = anEnvironment("x", { slo: { errorRate: 0.4, latencyP95Ms: 50 } });
    const project = aProject({ defaults: { slo: { latencyP95Ms: 99, drift: 0.3 } } });
    expect(sloOf(deployment, environment, project)).toEqual({
      errorRate: 0.5,
      latencyP95Ms: 50,
      drift: 0.3,
      minRequests: 20,
      windowSeconds: 60,
    });
  });

  test.each([
    ["90s", 90_000],
    ["15m", 900_000],
    ["72h", 259_200_000],
    ["7d", 604_800_000],
  ])("%s is %d ms", (text, milliseconds) => {
    expect(durationMs(text)).toBe(milliseconds);
  });

  test("the highest attempt is that of stable, canary and all rejected", () => {
    expect(highestAttempt(null)).toBe(0);
    expect(highestAttempt(aDeployment())).toBe(5);
    expect(highestAttempt(aDeployment({ canary: 2 }))).toBe(6);
    expect(highestAttempt(aDeployment({ spec: { rejected: [aRejection(2, { attempt: 9 })] } }))).toBe(9);
  });
});
