import type { ModelDeployment } from "../../schemas/model-deployment.ts";

/** fraud: stable 2, canary 3 in its sixth attempt at 10 %, 1 before; `spec` changes it. */
export function deploymentOf(spec: Partial<ModelDeployment["spec"]> = {}): ModelDeployment {
  return {
    apiVersion: "mmsp.dev/v1alpha1",
    kind: "ModelDeployment",
    metadata: { name: "fraud" },
    spec: {
      model: "fraud",
      stable: { version: 2, attempt: 5, since: "2026-11-20T09:12:00Z" },
      canary: { version: 3, attempt: 6, since: "2026-11-21T08:00:00Z", weight: 10 },
      previous: [1],
      ...spec,
    },
  };
}

/** What a rollback of version 3 leaves. */
export function rolledBack(): ModelDeployment {
  const { canary: _, ...spec } = deploymentOf().spec;
  const rejection = {
    version: 3,
    attempt: 6,
    at: "2026-11-21T08:10:00Z",
    phase: "canary",
    by: "alert",
    reason: "bad",
  } as const;
  return { ...deploymentOf(), spec: { ...spec, rejected: [rejection] } };
}
