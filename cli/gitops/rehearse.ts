import type { RollbackCommand } from "./core/change.ts";
import type { Snapshot } from "./core/ports.ts";
import { draftOver, type Planner } from "./draft-over.ts";
import { newDocument } from "./render/new-document.ts";
import { apiVersion } from "../../schemas/fields.ts";
import { paths } from "../../schemas/tree.ts";

/** The first draft takes ten times as long as the twentieth; a start should not take noticeably longer for it. */
const rounds = 60;
const longestMs = 400;

const sha256 = "0".repeat(64);
const at = "2000-01-01T00:00:00.000Z";

const document = (kind: string, name: string, spec: object): string =>
  newDocument({ apiVersion, kind, metadata: { name }, spec });

const version = (number: number): string =>
  document("ModelVersion", `rehearsal-${number}`, {
    model: "rehearsal",
    version: number,
    framework: "onnx",
    artifact: { key: `sha256/${sha256}/model.onnx`, sha256, sizeBytes: 1 },
    signature: {
      inputs: [{ name: "input", datatype: "FP32", shape: [-1, 10] }],
      outputs: [
        { name: "label", datatype: "INT64", shape: [-1] },
        { name: "probabilities", datatype: "FP32", shape: [-1, 2] },
      ],
    },
    provenance: { createdAt: at },
  });

const deployment = document("ModelDeployment", "rehearsal", {
  model: "rehearsal",
  stable: { version: 1, attempt: 1, since: at },
  canary: { version: 2, attempt: 2, since: at, weight: 10 },
});

const kustomization = (resources: readonly string[]): string => newDocument({ resources });

/**
 * Drafts a made-up rollback a few times and throws the drafts away. Code is compiled when it first runs, and neither the
 * first real rollback nor the requests that are served meanwhile should wait for that. Reads and writes nothing.
 */
export function rehearseRollback(planner: Planner): void {
  const environment = "rehearsal";
  const model = "rehearsal";
  const files = new Map([
    [paths.environment(environment), document("Environment", environment, { namespace: model, backend: "embedded" })],
    ...[1, 2].flatMap((number) => [
      [paths.version(model, number), version(number)] as const,
      [paths.versionKustomization(model, number), kustomization(["model-version.yaml"])] as const,
    ]),
    [paths.deployment(environment, model), deployment],
    [
      paths.deploymentKustomization(environment, model),
      kustomization(["deployment.yaml", "../../../registry/rehearsal/1", "../../../registry/rehearsal/2"]),
    ],
  ]);
  const snapshot: Snapshot = {
    head: null,
    files,
    unreadable: [],
    environmentNames: [environment],
    modelNames: [model],
    proposals: [],
  };
  const about = {
    environment,
    model,
    by: "alert",
    reason: "a rehearsal",
    evidence: { alertname: "Rehearsal" },
  } as const;
  const cut = { ...about, version: 2, attempt: 2, phase: "canary", at } as const;
  const command: RollbackCommand = { verb: "rollback", ...about, to: null, cut };
  const until = performance.now() + longestMs;
  for (let round = 0; round < rounds && performance.now() < until; round++) draftOver(snapshot, command, planner, at);
}
