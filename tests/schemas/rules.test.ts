import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { kustomizationResources } from "../../schemas/effective.ts";
import type { ModelDeployment } from "../../schemas/model-deployment.ts";
import type { ModelVersion } from "../../schemas/model-version.ts";
import { reservedNames } from "../../schemas/limits.ts";
import { checkTree } from "../../schemas/rules.ts";
import type { Tree } from "../../schemas/tree.ts";
import { aDeployment, anEnvironment, aProject, aRejection, aTree, aVersion, digest } from "../support/builders.ts";

/** Rejections in attempt 4 of these versions. */
const rejected = (...versions: number[]) => versions.map((version) => aRejection(version));
const shadow = (version: number) => ({ version, percent: 5 });

/** Environments, and where each promotes to. */
const promotions = (to: Readonly<Record<string, string | null>>): Tree =>
  aTree({
    environments: Object.entries(to).map(([name, promotesTo]) =>
      anEnvironment(name, promotesTo === null ? {} : { promotesTo }),
    ),
  });

describe("each rule, violated once", () => {
  const staging = (deployment: ModelDeployment): Tree => aTree({ deployments: { staging: [deployment] } });
  const modelFolder = "environments/staging/models/fraud";
  const registryFolder = "environments/registry/fraud/1";
  const withKustomization = (resources: readonly string[] | null, folder = modelFolder): Tree => {
    const tree = staging(aDeployment());
    const kustomizations = new Map(tree.kustomizations);
    const path = `${folder}/kustomization.yaml`;
    if (resources === null) kustomizations.delete(path);
    else kustomizations.set(path, resources);
    return { ...tree, kustomizations };
  };
  const sha256 = digest(1);
  const key = `sha256/${sha256}/m.onnx`;
  const beside = { file: "w.bin", key: `sha256/${digest(9)}/w.bin`, sha256: digest(9), sizeBytes: 1 };
  const versionWith = (artifact: ModelVersion["spec"]["artifact"], baseline?: ModelVersion["spec"]["baseline"]) =>
    aTree({ versions: [aVersion("fraud", 1, { artifact, ...(baseline ? { baseline } : {}) })] });
  const withFiles = (...files: NonNullable<ModelVersion["spec"]["artifact"]["files"]>) =>
    versionWith({ key, sha256, sizeBytes: 1, files });
  const environment = (spec: Parameters<typeof anEnvironment>[1]) =>
    aTree({ environments: [anEnvironment("dev", spec)] });
  const noTime = "2026-99-99T12:00:00Z";
  const frozen = (from: string, to: string) => {
    const sound = { from: "2026-12-24T00:00:00Z", to: "2026-12-27T00:00:00Z", reason: "holidays" };
    return environment({ freeze: [sound, { from, to, reason: "audit" }] });
  };

  const tables: [string, Tree, string][] = [
    ["neither key nor uri", versionWith({ sha256, sizeBytes: 1 }), "artifact-place spec.artifact"],
    ["key and uri", versionWith({ key, uri: "https://x/y", sha256, sizeBytes: 1 }), "artifact-place spec.artifact"],
    ["a key of another digest", versionWith({ key, sha256: digest(2), sizeBytes: 1 }), "artifact-digest spec.artifact"],
    ["a file beside it that is named twice", withFiles(beside, beside), "artifact-files spec.artifact.files[1]"],
    ["one without a key", withFiles({ ...beside, key: undefined }), "artifact-place spec.artifact.files[0]"],
    ["one with another digest", withFiles({ ...beside, sha256: digest(3) }), "artifact-digest spec.artifact.files[0]"],
    [
      "one with a key beside one by reference",
      versionWith({ uri: "https://x/y", sha256, sizeBytes: 1, files: [beside] }),
      "artifact-place spec.artifact.files[0]",
    ],
    [
      "a baseline with a key of another digest",
      versionWith({ key, sha256, sizeBytes: 1 }, { key, sha256: digest(2), sizeBytes: 1, rows: 1 }),
      "baseline-digest spec.baseline",
    ],
    [
      "a version made at no time",
      aTree({ versions: [aVersion("fraud", 1, { provenance: { createdAt: noTime } })] }),
      "time-unknown spec.provenance.createdAt",
    ],
    [
      "an environment with a reserved name",
      aTree({ environments: [anEnvironment("registry")] }),
      "name-reserved metadata.name",
    ],
    ["promotion into nowhere", environment({ promotesTo: "moon" }), "environment-unknown spec.promotesTo"],
    ["promotion into itself", environment({ promotesTo: "dev" }), "promotion-circle spec.promotesTo"],
    ["promotion in a circle", promotions({ c: "a", dev: "a", a: "b", b: "c" }), "promotion-circle spec.promotesTo"],
    ["a freeze from no time", frozen(noTime, "2026-12-24T00:00:00Z"), "time-unknown spec.freeze[1].from"],
    ["a freeze to no time", frozen("2026-12-24T00:00:00Z", noTime), "time-unknown spec.freeze[1].to"],
    ["an environment with steps that do not ascend", environment({ steps: [50, 10, 90] }), "steps-order spec.steps"],
    ["an environment with a step twice", environment({ steps: [10, 10, 50] }), "steps-order spec.steps"],
    [
      "a project with steps that do not ascend",
      aTree({ project: aProject({ defaults: { steps: [50, 10, 90] } }) }),
      "steps-order spec.defaults.steps",
    ],
    [
      "a freeze that ends before it begins",
      frozen("2026-12-24T00:00:00Z", "2026-12-23T23:59:59Z"),
      "freeze-empty spec.freeze[1].to",
    ],
    [
      "a freeze that ends when it begins",
      frozen("2026-12-24T00:00:00Z", "2026-12-24T00:00:00.000Z"),
      "freeze-empty spec.freeze[1].to",
    ],
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
    ...[
      [25, 5],
      [5, 5],
    ].map((steps): [string, Tree, string] => [
      "steps that do not ascend",
      staging(
        aDeployment({ spec: { canary: { version: 2, attempt: 6, since: "2026-11-21T08:00:00Z", weight: 5, steps } } }),
      ),
      "steps-order spec.canary.steps",
    ]),
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
    [
      "stable since no time",
      staging(aDeployment({ spec: { stable: { version: 1, attempt: 1, since: noTime } } })),
      "time-unknown spec.stable.since",
    ],
    [
      "a canary since no time",
      staging(aDeployment({ spec: { canary: { version: 2, attempt: 6, since: noTime, weight: 10 } } })),
      "time-unknown spec.canary.since",
    ],
    [
      "a rejection at no time",
      staging(aDeployment({ spec: { rejected: [aRejection(3), aRejection(2, { at: noTime })] } })),
      "time-unknown spec.rejected[1].at",
    ],
    [
      "a lock at no time",
      staging(aDeployment({ spec: { lock: { reason: "audit", by: "ann", at: noTime } } })),
      "time-unknown spec.lock.at",
    ],
    ["a registry folder without kustomization", withKustomization(null, registryFolder), "kustomization-missing "],
    [
      "a registry folder whose kustomization lists another file",
      withKustomization(["other.yaml"], registryFolder),
      "kustomization-stale resources",
    ],
    [
      "a registry folder whose kustomization lists another file too",
      withKustomization(["model-version.yaml", "other.yaml"], registryFolder),
      "kustomization-stale resources",
    ],
    [
      "a registry folder whose kustomization lists nothing",
      withKustomization([], registryFolder),
      "kustomization-stale resources",
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

test("a time is one that a calendar and a clock have", () => {
  const daysOf = (year: number, month: number): number => {
    const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
    return [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0;
  };
  const two = (number: number): string => String(number).padStart(2, "0");
  const anyTime = fc.record({
    year: fc.integer({ min: 1, max: 9999 }),
    month: fc.integer({ min: 0, max: 14 }),
    day: fc.integer({ min: 0, max: 33 }),
    hour: fc.integer({ min: 0, max: 25 }),
    minute: fc.integer({ min: 0, max: 61 }),
    second: fc.integer({ min: 0, max: 61 }),
    fraction: fc.constantFrom("", ".5", ".123", ".123456789"),
  });
  fc.assert(
    fc.property(anyTime, ({ year, month, day, hour, minute, second, fraction }) => {
      const date = `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}`;
      const createdAt = `${date}T${two(hour)}:${two(minute)}:${two(second)}${fraction}Z`;
      const exists = day >= 1 && day <= daysOf(year, month) && hour < 24 && minute < 60 && second < 60;
      const problems = checkTree(aTree({ versions: [aVersion("fraud", 1, { provenance: { createdAt } })] }));
      expect(problems.map(({ code }) => code)).toEqual(exists ? [] : ["time-unknown"]);
    }),
    { numRuns: 2_000 },
  );
});

test("promotions that go round are told once a circle, however they are entered", () => {
  const names = ["a", "b", "c", "d", "e", "f"];
  const anyPromotions = fc.dictionary(fc.constantFrom(...names), fc.option(fc.constantFrom(...names)), { minKeys: 6 });
  fc.assert(
    fc.property(anyPromotions, (to) => {
      // Who starts anywhere and goes on for as many steps as there are names is in a circle, or has come to the end.
      const ends = names.map((name) =>
        names.reduce<string | null>((at) => (at === null ? null : (to[at] ?? null)), name),
      );
      const circles = ends.flatMap((end) => {
        if (end === null) return [];
        const round = [end];
        for (let at = to[end]; at != null && at !== end; at = to[at]) round.push(at);
        return [round.toSorted()[0]];
      });
      const told = checkTree(promotions(to)).map(({ code, file }) => `${code} ${file}`);
      const expected = [...new Set(circles)].map((name) => `promotion-circle environments/${name}/environment.yaml`);
      expect(told.toSorted()).toEqual(expected.toSorted());
    }),
  );
});
