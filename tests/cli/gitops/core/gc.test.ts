import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { candidatesOf, namedIn, planGc, planStoreGc, type GcState } from "../../../../cli/gitops/core/gc.ts";
import { modelOfRegistration } from "../../../../cli/gitops/core/proposals.ts";
import { storePath } from "../../../../schemas/store.ts";
import { paths, type Tree } from "../../../../schemas/tree.ts";
import { anyDeployment } from "../../../support/arbitraries.ts";
import {
  aDeployment,
  anEnvironment,
  aProject,
  aRejection,
  aTree,
  aVersion,
  digest,
} from "../../../support/builders.ts";

const day = 86_400_000;
const now = Date.parse("2026-12-31T00:00:00Z");
const longAgo = now - 100 * day;

/** Nothing has served, everything came long ago. */
function aGcState(tree: Tree, given: Partial<GcState> = {}): GcState {
  const pastOf = () => ({ lastServed: null, registered: longAgo });
  return { tree, pulls: [], pastOf, now, windowMs: 30 * day, ...given };
}

const versions = (...numbers: readonly number[]) => numbers.map((version) => aVersion("fraud", version));
const going = (state: GcState) => planGc(state).remove.map(({ document }) => document.spec.version);
const reasonOf = (state: GcState, version: number) =>
  planGc(state).keep.find((kept) => kept.version === version)?.reason;

test("each reason to stay is told: named, in a pull request, the newest, served or come a short time ago", () => {
  const rejected = [aRejection(4)];
  const prod = aDeployment({
    stable: 3,
    canary: 5,
    spec: { previous: [2], rejected, shadow: { version: 6, percent: 5 } },
  });
  const tree = aTree({ versions: versions(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), deployments: { prod: [prod] } });
  const pasts = new Map([
    [8, { lastServed: now - 10 * day, registered: longAgo }],
    [9, { lastServed: null, registered: now - 5 * day }],
  ]);
  const state = aGcState(tree, {
    pulls: [{ model: "fraud", version: 7, number: 12 }],
    pastOf: (_, version) => pasts.get(version) ?? { lastServed: longAgo, registered: longAgo },
  });
  expect(planGc(state).keep.map(({ version, reason }) => `${version}: ${reason}`)).toEqual([
    "2: previous in prod",
    "3: stable in prod",
    "4: rejected in prod",
    "5: canary in prod",
    "6: shadow in prod",
    "7: named by pull request #12",
    "8: served until 2026-12-21",
    "9: registered on 2026-12-26",
    "10: the newest: its number must not be given again",
  ]);
  expect(going(state)).toEqual([1]);
});

test("of a stale merge each version is kept as what it serves, and every number in the text is kept", () => {
  const merged = aDeployment({ stable: 3, spec: { previous: [2, 1], rejected: [aRejection(3)] } });
  const state = aGcState(aTree({ versions: versions(1, 2, 3, 4), deployments: { prod: [merged] } }));
  expect([1, 2, 3].map((version) => reasonOf(state, version))).toEqual([
    "previous in prod",
    "stable in prod",
    "rejected in prod",
  ]);
  fc.assert(
    fc.property(anyDeployment, fc.subarray([1, 2, 3, 4, 5]), (deployment, bad) => {
      const { stable, canary, shadow, previous = [], rejected: own = [] } = deployment.spec;
      const rejected = [...own, ...bad.map((version) => aRejection(version))];
      const entries = [stable, canary, shadow, ...rejected].flatMap((entry) => (entry ? [entry.version] : []));
      expect(
        new Set(namedIn({ ...deployment, spec: { ...deployment.spec, rejected } }).map(({ version }) => version)),
      ).toEqual(new Set([...entries, ...previous]));
    }),
  );
});

test("what somebody's own kustomization lists stays, also where no document names it", () => {
  const tree = aTree({ versions: versions(1, 2, 3), deployments: { prod: [aDeployment({ stable: 3 })] } });
  const path = paths.deploymentKustomization("prod", "fraud");
  const kustomizations = new Map([...tree.kustomizations, [path, ["deployment.yaml", "../../../registry/fraud/1"]]]);
  const state = aGcState({ ...tree, kustomizations });
  expect(going(state)).toEqual([2]);
  expect(reasonOf(state, 1)).toBe(`listed in ${path}`);
});

test("files that hold weights beside a model go with it, each unless another version has it, too", () => {
  const beside = (seed: string) => {
    const sha256 = digest(seed);
    return { file: "weights.bin", key: `sha256/${sha256}/weights.bin`, sha256, sizeBytes: 7 };
  };
  const large = (version: number, files: readonly string[]) => {
    const { artifact } = aVersion("fraud", version).spec;
    return aVersion("fraud", version, { artifact: { ...artifact, files: files.map(beside) } });
  };
  const tree = aTree({
    project: aProject({ artifactStore: "store" }),
    versions: [large(1, ["own", "both"]), large(2, ["both"])],
  });
  const own = aVersion("fraud", 1).spec.artifact.key ?? "";
  expect(planGc(aGcState(tree)).remove.map(({ files }) => files)).toEqual([
    [storePath("store", own), storePath("store", beside("own").key)],
  ]);
});

test("a pull request that nobody can look into keeps all of the model", () => {
  const tree = aTree({ versions: [...versions(1, 2), aVersion("churn", 1), aVersion("churn", 2)] });
  const plan = planGc(aGcState(tree, { pulls: [{ model: "fraud", version: null, number: 3 }] }));
  expect(plan.remove.map(({ document }) => document.metadata.name)).toEqual(["churn-1"]);
});

test("files go from each store that may hold them, but not those that another version has, too", () => {
  const sha256 = digest("twin");
  const twin = (version: number, file: string) =>
    aVersion("fraud", version, { artifact: { key: `sha256/${sha256}/${file}`, sha256, sizeBytes: 10 } });
  const baseline = { key: `sha256/${digest("rows")}/rows.parquet`, sha256: digest("rows"), sizeBytes: 5, rows: 1 };
  const tree = aTree({
    project: aProject({ artifactStore: "artifacts" }),
    environments: [anEnvironment("prod", { artifactStore: "s3://models" })],
    versions: [twin(1, "a.onnx"), aVersion("fraud", 2, { baseline }), twin(3, "b.onnx")],
  });
  const { remove } = planGc(aGcState(tree));
  const own = aVersion("fraud", 2).spec.artifact.key ?? "";
  expect(remove.map(({ document, files, outside }) => [document.spec.version, files, outside])).toEqual([
    [1, [], []],
    [
      2,
      [storePath("artifacts", own), storePath("artifacts", baseline.key)],
      [storePath("s3://models", own), storePath("s3://models", baseline.key)],
    ],
  ]);
});

/** Trees whose versions share files here and there. */
const anyGcState = fc
  .record({
    staging: anyDeployment,
    prod: fc.option(anyDeployment),
    files: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 9, maxLength: 9 }),
    served: fc.array(fc.option(fc.integer({ min: 0, max: 90 })), { minLength: 9, maxLength: 9 }),
    came: fc.array(fc.integer({ min: 0, max: 90 }), { minLength: 9, maxLength: 9 }),
    pulls: fc.array(
      fc.record({
        model: fc.constant("fraud"),
        version: fc.option(fc.integer({ min: 1, max: 9 }), { freq: 9 }),
        number: fc.nat(),
      }),
      { maxLength: 2 },
    ),
    windowDays: fc.integer({ min: 0, max: 60 }),
  })
  .map(({ staging, prod, files, served, came, pulls, windowDays }): GcState => {
    const documents = files.map((file, at) => {
      const sha256 = digest(file);
      return aVersion("fraud", at + 1, {
        artifact: { key: `sha256/${sha256}/model-${at % 2}.onnx`, sha256, sizeBytes: 1 },
      });
    });
    const tree = aTree({ versions: documents, deployments: { staging: [staging], ...(prod ? { prod: [prod] } : {}) } });
    const pastOf = (_: string, version: number) => {
      const ago = served[version - 1] ?? null;
      const lastServed = ago === null ? null : now - ago * day;
      return { lastServed, registered: now - (came[version - 1] ?? 0) * day };
    };
    return { tree, pulls, pastOf, now, windowMs: windowDays * day };
  });

test("nothing that any environment or open pull request names ever goes, nor the newest, nor what is young, nor a file that is needed", () => {
  fc.assert(
    fc.property(anyGcState, (state) => {
      const { tree, pulls, pastOf, windowMs } = state;
      const { remove, keep } = planGc(state);
      const named = [...tree.deployments.values()].flatMap((models) => [...models.values()].flatMap(namedIn));
      const gone = new Set(remove.map(({ document }) => document.spec.version));
      for (const { version } of named) expect(gone.has(version)).toBe(false);
      for (const { version } of pulls) expect(version === null ? gone.size : Number(gone.has(version))).toBe(0);
      expect(gone.has(9)).toBe(false);
      for (const version of gone) {
        const { lastServed, registered } = pastOf("fraud", version);
        expect(now - Math.max(lastServed ?? 0, registered)).toBeGreaterThan(windowMs);
      }
      const needed = keep.map(({ version }) => tree.versions.get("fraud")?.get(version)?.spec.artifact.sha256 ?? "");
      const files = remove.flatMap((removal) => removal.files);
      expect(files.filter((file) => needed.some((sha256) => file.includes(sha256)))).toEqual([]);
      expect(remove.length + keep.length).toBe(9);
      const candidates = new Set(candidatesOf(tree).map(({ version }) => version));
      expect([...gone].every((version) => candidates.has(version))).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test("an open registration is told by its branch's name, with the model", () => {
  const branches = [
    "mmsp/registry/fraud/3-deadbeef",
    "mmsp/registry/churn/4-0badcafe-2",
    "mmsp/prod/fraud/deploy-3",
    "main",
  ];
  expect(branches.map(modelOfRegistration)).toEqual(["fraud", "churn", null, null]);
});

test("of a store, files go that no registry entry and no open registration names, after a while", () => {
  const key = (seed: string) => `sha256/${digest(seed)}/model.onnx`;
  const file = (seed: string, modifiedAt: number) => ({ key: key(seed), sizeBytes: 1, modifiedAt });
  const files = [
    file("fraud 1", longAgo),
    file("orphan", longAgo),
    file("young", now - day),
    file("on its way", longAgo),
    file("its rows", longAgo),
  ];
  const artifact = { key: key("on its way"), sha256: digest("on its way"), sizeBytes: 1 };
  const baseline = { key: key("its rows"), sha256: digest("its rows"), sizeBytes: 1, rows: 1 };
  const onItsWay = aTree({ versions: [aVersion("fraud", 2, { artifact, baseline })] });
  expect(
    planStoreGc(files, [aTree({ versions: versions(1) }), onItsWay], { now, windowMs: 30 * day }).map(
      (each) => each.key,
    ),
  ).toEqual([key("orphan")]);
});
