/** Documents of a small repository: the model "fraud" with versions 1 to 3, version 2 stable in dev. */
import type { ModelVersion } from "../../../schemas/model-version.ts";
import { paths } from "../../../schemas/tree.ts";

export const since = "2026-11-20T09:12:00Z";

export function versionDocument(
  model: string,
  version: number,
  artifact = { sha256: String(version).repeat(64), sizeBytes: 10 },
): ModelVersion {
  const { sha256, sizeBytes } = artifact;
  const tensor = { name: "x", datatype: "FP32" as const, shape: [-1, 2] };
  return {
    apiVersion: "mmsp.dev/v1alpha1",
    kind: "ModelVersion",
    metadata: { name: `${model}-${version}` },
    spec: {
      model,
      version,
      framework: "onnx",
      artifact: { key: `sha256/${sha256}/model.onnx`, sha256, sizeBytes },
      signature: { inputs: [tensor], outputs: [tensor] },
      provenance: { createdAt: since },
    },
  };
}

const project = `apiVersion: mmsp.dev/v1alpha1
kind: Project
metadata: {name: models}
spec:
  repository: acme/models
  baseBranch: main
  artifactStore: examples/store
  templateVersion: 1
`;

const environment = (name: string) => `apiVersion: mmsp.dev/v1alpha1
kind: Environment
metadata: {name: ${name}}
spec:
  namespace: models-${name}
  backend: embedded
`;

export const deployment = (model: string) => `apiVersion: mmsp.dev/v1alpha1
kind: ModelDeployment
metadata: {name: ${model}}
# what people write stays
spec:
  model: ${model}
  stable: {version: 2, attempt: 5, since: "${since}"}
  previous: [1]
`;

const kustomization = (model: string, ...versions: readonly number[]) => {
  const folders = versions.map((version) => `../../../registry/${model}/${version}`);
  return `resources: [${["deployment.yaml", ...folders].join(", ")}]\n`;
};

/** Every file of the repository, by path. */
export function sampleFiles(models: readonly string[] = ["fraud", "fraud-eu"]): Record<string, string> {
  const files: Record<string, string> = {
    "README.md": "# models\n",
    [paths.project]: project,
    [paths.environment("dev")]: environment("dev"),
    [paths.environment("prod")]: environment("prod"),
    "environments/dev/platform/kustomization.yaml": "resources: []\n",
  };
  for (const model of models) {
    files[paths.deployment("dev", model)] = deployment(model);
    files[paths.deploymentKustomization("dev", model)] = kustomization(model, 1, 2);
    for (const version of [1, 2, 3]) {
      files[paths.version(model, version)] = `${JSON.stringify(versionDocument(model, version))}\n`;
      files[paths.versionKustomization(model, version)] = "resources: [model-version.yaml]\n";
    }
  }
  return files;
}
