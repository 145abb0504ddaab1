/** A repository that a gateway can really serve: documents, kustomizations, and the artifacts in a store beside them. */
import { stringify } from "yaml";
import type { Environment } from "../../schemas/environment.ts";
import type { ModelDeployment } from "../../schemas/model-deployment.ts";
import type { Signature } from "../../schemas/model-version.ts";
import { kustomizationResources } from "../../schemas/effective.ts";
import { paths } from "../../schemas/tree.ts";
import { aDeployment, anEnvironment, aProject } from "./builders.ts";
import { modelVersion } from "./versions.ts";

/** One model of the tree. Stable is 1 unless the deployment says otherwise. */
export interface ServedModel {
  /** Bytes by version; where a version has another signature than `linearSignature`, that too. */
  readonly versions: Readonly<
    Record<number, Uint8Array | { readonly bytes: Uint8Array; readonly signature: Signature }>
  >;
  readonly featureOrder?: string[];
  readonly canary?: number;
  readonly weight?: number;
  readonly spec?: Partial<ModelDeployment["spec"]>;
}

const environment = "dev";

/** Files by path. Everything is served in `dev`. */
export function servingTree(
  models: Readonly<Record<string, ServedModel>>,
  policy: Partial<Environment["spec"]> = {},
): Record<string, string | Uint8Array> {
  const files: Record<string, string | Uint8Array> = {
    [paths.project]: stringify(aProject({ artifactStore: "store" })),
    [paths.environment(environment)]: stringify(anEnvironment(environment, policy)),
  };
  for (const [model, served] of Object.entries(models)) {
    for (const [number, given] of Object.entries(served.versions)) {
      const { bytes, ...signed } = given instanceof Uint8Array ? { bytes: given } : given;
      const order = served.featureOrder === undefined ? {} : { featureOrder: served.featureOrder };
      const version = modelVersion(bytes, { model, version: Number(number), ...signed, ...order });
      files[paths.version(model, Number(number))] = stringify(version);
      files[paths.versionKustomization(model, Number(number))] = "resources: [model-version.yaml]\n";
      files[`store/${version.spec.artifact.key}`] = bytes;
    }
    Object.assign(files, deploymentFiles(model, served));
  }
  return files;
}

/** The model's folder, of which a test may want another state. */
export function deploymentFiles(model: string, served: Omit<ServedModel, "versions">): Record<string, string> {
  const { canary, weight, spec } = served;
  const deployment = aDeployment({
    model,
    ...(canary === undefined ? {} : { canary }),
    ...(weight === undefined ? {} : { weight }),
    ...(spec === undefined ? {} : { spec }),
  });
  return {
    [paths.deployment(environment, model)]: stringify(deployment),
    [paths.deploymentKustomization(environment, model)]: stringify({ resources: kustomizationResources(deployment) }),
  };
}
