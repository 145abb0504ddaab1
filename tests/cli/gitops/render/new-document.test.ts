import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { parseYaml } from "../../../../schemas/document.ts";
import { newDocument } from "../../../../cli/gitops/render/new-document.ts";
import { modelVersion } from "./changes.ts";
import { tapeOf, tapes, valueFrom } from "./yaml-generator.ts";

test("a model version reads well: tensors and artifact short, digests and times quoted", () => {
  expect(newDocument(modelVersion(3))).toBe(`apiVersion: mmsp.dev/v1alpha1
kind: ModelVersion
metadata: {name: fraud-3}
spec:
  model: fraud
  version: 3
  framework: onnx
  artifact:
    key: sha256/${"3".repeat(64)}/model.onnx
    sha256: "${"3".repeat(64)}"
    sizeBytes: 37035
  signature:
    inputs:
      - {name: float_input, datatype: FP32, shape: [-1, 30]}
    outputs:
      - {name: label, datatype: INT64, shape: [-1]}
  metrics: {accuracy: 0.98, auc: 0.991}
  opset: 18
  producer: skl2onnx 1.18
  provenance: {source: training/fraud.py, createdAt: "2026-11-20T09:12:00Z", createdBy: ada}
`);
});

test("a list of texts has a line for each", () => {
  const value = { kind: "Kustomization", resources: ["deployment.yaml", "../../../registry/fraud/2"] };
  expect(newDocument(value)).toBe(
    "kind: Kustomization\nresources:\n  - deployment.yaml\n  - ../../../registry/fraud/2\n",
  );
});

test.each(["{}", "[]", "? a", "&a", "*a", "!!str", "<<", "=", "", " ", "#", "- a"])(
  "the key %j is read back as it was",
  (key) => {
    const document = { [`k${key}`]: "", short: { [key]: "", n: [1, 2] }, long: [{ [key]: ["text"] }] };
    expect(parseYaml("new.yaml", newDocument(document)).value).toEqual(document);
  },
);

test("any JSON value is read back as it was", () => {
  fc.assert(
    fc.property(tapes, (decisions) => {
      const value = { top: valueFrom(tapeOf(decisions), 4) };
      expect(parseYaml("new.yaml", newDocument(value))).toMatchObject({ problems: [] });
      expect(parseYaml("new.yaml", newDocument(value)).value).toEqual(value);
    }),
    { numRuns: 500 },
  );
});

test("any text is read back as it was", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string(), (value, key) => {
      const document = { [`k${key}`]: value, list: [value], short: { [key]: value, n: [1, 2] } };
      expect(parseYaml("new.yaml", newDocument(document)).value).toEqual(document);
    }),
    { numRuns: 500 },
  );
});
