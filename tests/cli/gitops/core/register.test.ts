import { describe, expect, test } from "bun:test";
import type { Change, RegisterCommand } from "../../../../cli/gitops/core/change.ts";
import { plan } from "../../../../cli/gitops/core/plan.ts";
import { checkTree } from "../../../../schemas/rules.ts";
import { applyDocuments } from "../../../../cli/gitops/core/apply-change.ts";
import { validateModelVersion } from "../../../../schemas/kinds.ts";
import { aProject, aProposal, aState, aTree, aVersion, digest, now, register } from "../../../support/builders.ts";
import { answer, refusalText } from "../../../support/plans.ts";

function registered(command: RegisterCommand, state = aState()): Change {
  const made = plan(command, state);
  if (made.kind !== "change") throw new Error(JSON.stringify(made));
  expect(checkTree(applyDocuments(state.tree, made))).toEqual([]);
  return made;
}

const branchOf = (version: number, seed: string) => `mmsp/registry/fraud/${version}-${digest(seed).slice(0, 8)}`;

describe("register", () => {
  test("writes a version that its schema accepts, its kustomization, and the file by its digest", () => {
    const baseline = { file: "data/rows.parquet", sha256: digest("rows"), sizeBytes: 20, rows: 5 };
    const provenance = { source: "train.py\nv2", gitCommit: "a".repeat(40), createdBy: "ann" };
    const command = register({ featureOrder: ["a", "b", "c"], metrics: { auc: 0.9 }, baseline, provenance });
    const change = registered(command);
    const sha256 = digest("new");
    expect(change.subject).toEqual({
      apiVersion: "mmsp.dev/v1alpha1",
      kind: "ModelVersion",
      metadata: { name: "fraud-4" },
      spec: {
        model: "fraud",
        version: 4,
        framework: "onnx",
        artifact: { key: `sha256/${sha256}/model.onnx`, sha256, sizeBytes: 1000 },
        signature: command.signature,
        featureOrder: ["a", "b", "c"],
        baseline: { key: `sha256/${digest("rows")}/rows.parquet`, sha256: digest("rows"), sizeBytes: 20, rows: 5 },
        metrics: { auc: 0.9 },
        opset: 17,
        producer: "skl2onnx",
        provenance: { source: "train.py v2", gitCommit: "a".repeat(40), createdAt: now, createdBy: "ann" },
      },
    });
    expect(validateModelVersion(change.subject)).toBe(true);
    expect(change.documents.map(({ path }) => path)).toEqual([
      "environments/registry/fraud/4/model-version.yaml",
      "environments/registry/fraud/4/kustomization.yaml",
    ]);
    expect(change.documents[1]?.value).toMatchObject({ kind: "Kustomization", resources: ["model-version.yaml"] });
    expect(change.artifacts).toEqual([
      {
        key: `sha256/${sha256}/model.onnx`,
        sha256,
        from: { kind: "file", path: "out/model.onnx" },
        store: "examples/store",
      },
      {
        key: `sha256/${digest("rows")}/rows.parquet`,
        sha256: digest("rows"),
        from: { kind: "file", path: "data/rows.parquet" },
        store: "examples/store",
      },
    ]);
    expect([change.branch, change.title, change.environment]).toEqual([branchOf(4, "new"), "Register fraud 4", null]);
  });

  test("a model's first version is 1, a given number is taken as it is", () => {
    expect(registered(register({ model: "churn" })).version).toBe(1);
    expect(registered(register({ version: 9 })).version).toBe(9);
  });

  test("numbers of open pull requests are taken, those of other models and verbs are not", () => {
    const proposals = [
      aProposal(branchOf(4, "other")),
      aProposal(`${branchOf(6, "another")}-2`),
      aProposal("mmsp/registry/churn/12-00000000"),
      aProposal("mmsp/staging/fraud/deploy-30"),
    ];
    expect(registered(register(), aState(aTree(), { proposals })).version).toBe(7);
  });

  test("the open pull request of the same file is adopted with its number", () => {
    const proposals = [aProposal(branchOf(5, "new"), 12), aProposal(branchOf(8, "other"))];
    const change = registered(register(), aState(aTree(), { proposals }));
    expect([change.version, change.branch]).toEqual([5, branchOf(5, "new")]);
    expect(change.notices).toEqual([]);
    expect(change.asides).toEqual([expect.stringContaining("pull request #12")]);
  });

  test("a proposal whose number was registered since is not adopted", () => {
    const state = aState(aTree(), { proposals: [aProposal(branchOf(2, "new"))] });
    expect(registered(register(), state).version).toBe(4);
  });

  test("the same file again is skipped, with or without its number; under another number it is told", () => {
    const artifact = { file: "m.onnx", sha256: digest("fraud 2"), sizeBytes: 1000 };
    const expected = "skip: version 2 of fraud has this file already";
    expect(answer(plan(register({ artifact }), aState()))).toBe(expected);
    expect(answer(plan(register({ artifact, version: 2 }), aState()))).toBe(expected);
    expect(registered(register({ artifact, version: 5 })).notices).toEqual(["version 2 has the same file"]);
  });

  test("the same file with other metrics or columns is refused: a version never changes", () => {
    const artifact = { file: "m.onnx", sha256: digest("fraud 2"), sizeBytes: 1000 };
    const text = refusalText(plan(register({ artifact, metrics: { auc: 0.1 }, featureOrder: ["a", "b"] }), aState()));
    expect(text).toMatch(
      /^version-differs: version 2 of fraud has this file already, with other metrics and feature order/,
    );
    expect(text).toContain("--version 4 makes a new one");
    const { metrics = {} } = aVersion("fraud", 2).spec;
    expect(answer(plan(register({ artifact, metrics }), aState()))).toStartWith("skip: ");
  });

  test("a number that another file has is refused, on the base branch and on an open pull request", () => {
    expect(refusalText(plan(register({ version: 2 }), aState()))).toMatch(
      /^version-taken: version 2 of fraud is another file \(sha256 .{8}\.\.\., not .{8}\.\.\.\), and a version never changes/,
    );
    const state = aState(aTree(), { proposals: [aProposal(branchOf(5, "other"), 12)] });
    expect(refusalText(plan(register({ version: 5 }), state))).toContain("taken by pull request #12");
    expect(
      registered(register({ version: 5, artifact: { file: "m", sha256: digest("other"), sizeBytes: 1 } }), state)
        .version,
    ).toBe(5);
  });

  test.each(["..", ".", "a/b", "a\\b", "Fraud", "", "fraud_2", "kustomization", "registry", "x".repeat(64)])(
    "%p names no model",
    (model) => {
      const [code] = answer(plan(register({ model }), aState()));
      expect(code).toMatch(/^name-(invalid|reserved)$/);
    },
  );

  test.each([
    ["out/model.onnx", "model.onnx"],
    ["C:\\out\\my model (1).onnx", "my-model-1-.onnx"],
    ["../..", "model.onnx"],
    ["modèle.onnx", "mod-le.onnx"],
    [".hidden", "hidden"],
  ])("the file %p has a key that a document may hold", (file, name) => {
    const change = registered(register({ artifact: { file, sha256: digest("new"), sizeBytes: 1 } }));
    expect(change.artifacts[0]?.key).toBe(`sha256/${digest("new")}/${name}`);
    expect(change.artifacts[0]?.from).toEqual({ kind: "file", path: file });
  });

  test("the feature order has as many names as the first input has columns, where that is fixed", () => {
    const withShape = (shape: number[], featureOrder: string[]) =>
      answer(
        plan(
          register({
            featureOrder,
            signature: { ...register().signature, inputs: [{ name: "input", datatype: "FP32", shape }] },
          }),
          aState(),
        ),
      );
    expect(withShape([-1, 2], ["a", "b"])).toBe("change");
    expect(withShape([-1, 3], ["a", "b"])).toEqual(["feature-order-length"]);
    expect(withShape([-1, -1], ["a", "b"])).toBe("change");
    expect(withShape([], ["a", "b"])).toBe("change");
    expect(withShape([-1, 2], ["a", "a"])).toEqual(["feature-order-repeats"]);
  });

  test.each([
    ["examples/store", 10 * 1024 * 1024, "change"],
    ["examples/store", 10 * 1024 * 1024 + 1, ["artifact-too-large"]],
    ["file:///srv/models", 900 * 1024 * 1024, "change"],
    ["s3://bucket/models", 900 * 1024 * 1024, "change"],
  ])("the store %s and a file of %d bytes", (artifactStore, sizeBytes, expected) => {
    const state = aState(aTree({ project: aProject({ artifactStore }) }));
    const artifact = { file: "m.onnx", sha256: digest("new"), sizeBytes };
    expect(answer(plan(register({ artifact }), state))).toEqual(expected);
    const baseline = { file: "b.parquet", sha256: digest("b"), sizeBytes, rows: 1 };
    expect(answer(plan(register({ baseline }), state))).toEqual(expected);
  });

  test("too large names the stores that would do", () => {
    const artifact = { file: "m.onnx", sha256: digest("new"), sizeBytes: 20 * 1024 * 1024 };
    expect(refusalText(plan(register({ artifact }), aState()))).toMatch(/20\.0 MiB.*file:\/\/.*s3:\/\//s);
  });

  test("everything that is wrong is told at once", () => {
    const command = register({
      model: "a/b",
      version: 0,
      metrics: { auc: Number.NaN },
      featureOrder: ["a"],
      provenance: { source: null, gitCommit: "HEAD", createdBy: null },
    });
    expect(answer(plan(command, aState(aTree({ project: null }))))).toEqual([
      "name-invalid",
      "feature-order-length",
      "schema-minimum",
      "schema-type",
      "schema-pattern",
      "project-missing",
    ]);
  });

  test("plans do not depend on the order in which versions were read", () => {
    const versions = [3, 1, 2].map((version) => aVersion("fraud", version));
    expect(registered(register(), aState(aTree({ versions }))).version).toBe(4);
  });
});

describe("a model that keeps weights in files beside it", () => {
  const weights = (seed: string) => ({ file: "w/data.bin", sha256: digest(seed), sizeBytes: 500 });
  const artifact = { ...register().artifact, files: [weights("one")] };

  test("brings each file under its own digest, and names all of them", () => {
    const { artifacts, subject, branch } = registered(register({ artifact }));
    expect(artifacts.map(({ key }) => key)).toEqual([
      `sha256/${digest("new")}/model.onnx`,
      `sha256/${digest("one")}/data.bin`,
    ]);
    expect(subject?.spec.artifact.files).toEqual([
      { file: "w/data.bin", key: `sha256/${digest("one")}/data.bin`, sha256: digest("one"), sizeBytes: 500 },
    ]);
    expect(validateModelVersion(subject)).toBe(true);
    expect(branch).not.toBe(branchOf(4, "new"));
  });

  test("stores files that are the same once", () => {
    const twins = [weights("one"), { ...weights("one"), file: "v/data.bin" }];
    const { artifacts, subject } = registered(register({ artifact: { ...artifact, files: twins } }));
    expect(artifacts).toHaveLength(2);
    expect(subject?.spec.artifact.files).toHaveLength(2);
  });

  test("is another version where only its weights are others", () => {
    const { subject } = registered(register({ artifact }));
    const state = aState(aTree({ versions: [subject!] }));
    expect(plan(register({ artifact }), state).kind).toBe("skip");
    const other = { ...artifact, files: [weights("two")] };
    expect(registered(register({ artifact: other }), state).version).toBe(5);
    expect(refusalText(plan(register({ artifact: other, version: 4 }), state))).toContain("is another file");
  });

  test("by reference brings nothing into the store", () => {
    const referred = { ...artifact, uri: "https://models.example/fraud.onnx" };
    const { artifacts, subject } = registered(register({ artifact: referred }));
    expect(artifacts).toEqual([]);
    expect(subject?.spec.artifact).toEqual({
      uri: referred.uri,
      sha256: digest("new"),
      sizeBytes: 1000,
      files: [weights("one")],
    });
  });
});

test("is compared with the newest version before it", () => {
  expect(registered(register()).previous?.spec.version).toBe(3);
  const few = aState(aTree({ versions: [aVersion("fraud", 2), aVersion("fraud", 7)] }));
  expect(registered(register({ version: 5 }), few).previous?.spec.version).toBe(2);
  expect(registered(register({ version: 1 }), few).previous?.spec.version).toBe(7);
  expect(registered(register(), aState(aTree({ versions: [] }))).previous).toBeNull();
});
