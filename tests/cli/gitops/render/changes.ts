import type { Change } from "../../../../cli/gitops/core/change.ts";
import type { ModelVersion } from "../../../../schemas/model-version.ts";

export function modelVersion(version: number, spec: Partial<ModelVersion["spec"]> = {}): ModelVersion {
  const sha256 = String(version).repeat(64).slice(0, 64);
  return {
    apiVersion: "mmsp.dev/v1alpha1",
    kind: "ModelVersion",
    metadata: { name: `fraud-${version}` },
    spec: {
      model: "fraud",
      version,
      framework: "onnx",
      artifact: { key: `sha256/${sha256}/model.onnx`, sha256, sizeBytes: 12_345 * version },
      signature: {
        inputs: [{ name: "float_input", datatype: "FP32", shape: [-1, 30] }],
        outputs: [{ name: "label", datatype: "INT64", shape: [-1] }],
      },
      metrics: { accuracy: 0.95 + version / 100, auc: 0.991 },
      opset: 18,
      producer: "skl2onnx 1.18",
      provenance: { source: "training/fraud.py", createdAt: "2026-11-20T09:12:00Z", createdBy: "ada" },
      ...spec,
    },
  };
}

const second = modelVersion(2, {
  metrics: { accuracy: 0.97, auc: 0.991, log_loss: 0.25, score: 2 },
  parameters: 1_200_000,
});
const third = modelVersion(3, {
  signature: {
    inputs: [
      { name: "float_input", datatype: "FP32", shape: [-1, 31] },
      { name: "country", datatype: "BYTES", shape: [-1, 1] },
    ],
    outputs: [
      { name: "label", datatype: "INT64", shape: [-1] },
      { name: "probabilities", datatype: "FP32", shape: [-1, 2] },
    ],
  },
  metrics: { accuracy: 0.9649, f1: 0.9 },
});

const registered = modelVersion(3, {
  ...third.spec,
  artifact: {
    ...third.spec.artifact,
    files: [
      {
        file: "weights/a|b `c`.bin",
        key: `sha256/${"c".repeat(64)}/c.bin`,
        sha256: "c".repeat(64),
        sizeBytes: 5_000_000,
      },
    ],
  },
  opset: 20,
  irVersion: 10,
  parameters: 1_234_567,
  baseline: { key: `sha256/${"b".repeat(64)}/rows.parquet`, sha256: "b".repeat(64), sizeBytes: 2048, rows: 500 },
  metrics: { accuracy: 0.9649, f1: 0.9, log_loss: 0.21, score: 3 },
});

/** One change of each verb, as planners make them. */
export const changes = {
  register: change({
    verb: "register",
    environment: null,
    title: "Register fraud 3",
    subject: registered,
    previous: second,
    notices: ["version 1 has the same file"],
  }),
  deploy: change({
    verb: "deploy",
    title: "Deploy fraud 3 to prod at 10 %",
    subject: third,
    replaces: second,
    traffic: { before: [stable(2, 100)], after: [stable(2, 90), canary(3, 10)] },
  }),
  promote: change({
    verb: "promote",
    title: "Promote fraud 3 to stable in prod",
    subject: modelVersion(3),
    replaces: second,
    traffic: { before: [stable(2, 50), canary(3, 50)], after: [stable(3, 100)] },
  }),
  rollback: change({
    verb: "rollback",
    title: "Roll back fraud 3 in prod, version 2 serves",
    subject: third,
    replaces: second,
    traffic: { before: [stable(2, 90), canary(3, 10)], after: [stable(2, 100)] },
    rejection: {
      version: 3,
      attempt: 6,
      at: "2026-11-21T08:10:00Z",
      phase: "canary",
      by: "guard",
      reason: "errors of @everyone: 18 % | fixes #1, see https://example.com <script>alert(`x`)</script>",
      evidence: {
        errorRate: "0.18 (allowed 0.01)",
        "note|`a`": "[click](https://example.com) ping @octocat\n# heading",
      },
    },
    notices: ["version 2 is the last: there is no earlier one to fall back to", "pull request #7 names *this* version"],
  }),
} as const;

export function change(parts: Partial<Change> & Pick<Change, "verb">): Change {
  return {
    kind: "change",
    environment: "prod",
    model: "fraud",
    version: 3,
    branch: `mmsp/prod/fraud/${parts.verb}-3`,
    title: "",
    documents: [],
    artifacts: [],
    subject: null,
    replaces: null,
    traffic: { before: [], after: [] },
    rejection: null,
    notices: [],
    ...parts,
  };
}

function stable(version: number, percent: number) {
  return { version, phase: "stable", percent } as const;
}

function canary(version: number, percent: number) {
  return { version, phase: "canary", percent } as const;
}
