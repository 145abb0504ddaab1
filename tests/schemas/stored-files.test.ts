import { expect, test } from "bun:test";
import { storedFiles } from "../../schemas/stored-files.ts";
import type { Tree } from "../../schemas/tree.ts";
import { aDeployment, anEnvironment, aProject, aTree, aVersion, digest } from "../support/builders.ts";

const baseline = { key: `sha256/${digest("rows")}/rows.parquet`, sha256: digest("rows"), sizeBytes: 9, rows: 3 };
const versions = [aVersion("fraud", 1), aVersion("fraud", 2, { baseline }), aVersion("fraud", 3)];
const [first, second, third] = versions.map(({ spec }) => spec.artifact.key);
const placesOf = (tree: Tree): string[] => storedFiles(tree).map(({ store, key, path }) => `${store} ${key} ${path}`);

test("the project's store holds every registered file once, baselines too", () => {
  const deployments = { staging: [aDeployment()] };
  const environments = [anEnvironment("staging", { artifactStore: "examples/store/" })];
  expect(placesOf(aTree({ versions, deployments, environments }))).toEqual([
    `examples/store ${first} spec.artifact.key`,
    `examples/store ${second} spec.artifact.key`,
    `examples/store ${baseline.key} spec.baseline.key`,
    `examples/store ${third} spec.artifact.key`,
  ]);
});

test("an environment's own store holds what it serves", () => {
  const deployments = { prod: [aDeployment({ canary: 2 })] };
  const environments = [anEnvironment("prod", { artifactStore: "prod-models" })];
  const project = aProject({ artifactStore: "s3://models" });
  expect(placesOf(aTree({ versions, deployments, environments, project }))).toEqual([
    `prod-models ${first} spec.artifact.key`,
    `prod-models ${second} spec.artifact.key`,
    `prod-models ${baseline.key} spec.baseline.key`,
  ]);
});

test("files beside a model have to be there as well", () => {
  const [sha256, other] = [digest("model"), digest("weights")];
  const files = [{ file: "w/a.bin", key: `sha256/${other}/a.bin`, sha256: other, sizeBytes: 5 }];
  const artifact = { key: `sha256/${sha256}/model.onnx`, sha256, sizeBytes: 1, files };
  expect(placesOf(aTree({ versions: [aVersion("fraud", 1, { artifact })] }))).toEqual([
    `examples/store ${artifact.key} spec.artifact.key`,
    `examples/store ${files[0]!.key} spec.artifact.files[0].key`,
  ]);
});

test("of stores outside the repository, and of artifacts by their address, nothing is known", () => {
  const byUri = { uri: "https://models.example/m.onnx", sha256: digest(1), sizeBytes: 1 };
  expect(storedFiles(aTree({ versions: [aVersion("fraud", 1, { artifact: byUri })] }))).toEqual([]);
  expect(storedFiles(aTree({ versions, project: aProject({ artifactStore: "file:///srv/models" }) }))).toEqual([]);
  expect(storedFiles(aTree({ versions, project: null }))).toEqual([]);
});
