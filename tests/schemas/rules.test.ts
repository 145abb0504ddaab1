import { describe, expect, test } from "bun:test";
import { kustomizationResources } from "../../schemas/effective.ts";
import type { ModelDeployment } from "../../schemas/model-deployment.ts";
import { checkTree, reservedNames } from "../../schemas/rules.ts";
import type { Tree } from "../../schemas/tree.ts";
import { aDeployment, anEnvironment, aRejection, aTree, aVersion, digest } from "../support/builders.ts";

/** Rejections in attempt 4 of these versions. */
const rejected = (...versions: number[]) => versions.map((version) => aRejection(version));
const shadow = (version: number) => ({ version, percent: 5 });

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
    expect(problems[0]?.message).not.toBeEmpty();
    expect(problems[0]?.hint).not.toBeEmpty();
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
