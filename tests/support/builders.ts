import type {
  DeployCommand,
  PlanState,
  PromoteCommand,
  RegisterCommand,
  RollbackCommand,
} from "../../cli/gitops/core/change.ts";
import type { Cut } from "../../schemas/cut.ts";
import type { Environment } from "../../schemas/environment.ts";
import type { ModelDeployment, Rejection } from "../../schemas/model-deployment.ts";
import type { ModelVersion } from "../../schemas/model-version.ts";
import type { Project } from "../../schemas/project.ts";
import { kustomizationResources } from "../../schemas/effective.ts";
import { paths, type Tree } from "../../schemas/tree.ts";

/** The time at which the tests plan. */
export const now = "2026-11-21T12:00:00Z";
export const earlier = "2026-11-20T09:12:00Z";

/** A digest that is told apart by its first digits. */
export function digest(seed: number | string): string {
  return new Bun.CryptoHasher("sha256").update(`file ${seed}`).digest("hex");
}

export function aVersion(model = "fraud", version = 1, spec: Partial<ModelVersion["spec"]> = {}): ModelVersion {
  const sha256 = digest(`${model} ${version}`);
  return {
    apiVersion: "mmsp.dev/v1alpha1",
    kind: "ModelVersion",
    metadata: { name: `${model}-${version}` },
    spec: {
      model,
      version,
      framework: "onnx",
      artifact: { key: `sha256/${sha256}/model.onnx`, sha256, sizeBytes: 1000 },
      signature: {
        inputs: [{ name: "input", datatype: "FP32", shape: [-1, 3] }],
        outputs: [{ name: "label", datatype: "INT64", shape: [-1] }],
      },
      provenance: { createdAt: earlier },
      ...spec,
    },
  };
}

/** `stable`, `canary` as version numbers, in attempts 5 and 6; the rest as it stands in a document. */
export function aDeployment(
  given: {
    model?: string;
    stable?: number;
    canary?: number;
    weight?: number;
    spec?: Partial<ModelDeployment["spec"]>;
  } = {},
): ModelDeployment {
  const { model = "fraud", stable = 1, canary, weight = 10, spec = {} } = given;
  return {
    apiVersion: "mmsp.dev/v1alpha1",
    kind: "ModelDeployment",
    metadata: { name: model },
    spec: {
      model,
      stable: { version: stable, attempt: 5, since: earlier },
      ...(canary === undefined ? {} : { canary: { version: canary, attempt: 6, since: earlier, weight } }),
      ...spec,
    },
  };
}

export function aRejection(version: number, given: Partial<Rejection> = {}): Rejection {
  return { version, attempt: 4, at: earlier, phase: "canary", by: "guard", reason: "too many errors", ...given };
}

export function anEnvironment(name = "staging", spec: Partial<Environment["spec"]> = {}): Environment {
  return {
    apiVersion: "mmsp.dev/v1alpha1",
    kind: "Environment",
    metadata: { name },
    spec: { namespace: `models-${name}`, backend: "embedded", ...spec },
  };
}

export function aProject(spec: Partial<Project["spec"]> = {}): Project {
  return {
    apiVersion: "mmsp.dev/v1alpha1",
    kind: "Project",
    metadata: { name: "mmsp" },
    spec: {
      repository: "acme/models",
      baseBranch: "main",
      artifactStore: "examples/store",
      templateVersion: 1,
      ...spec,
    },
  };
}

export function aCut(given: Partial<Cut> = {}): Cut {
  return {
    environment: "staging",
    model: "fraud",
    version: 2,
    attempt: 6,
    phase: "canary",
    by: "guard",
    reason: "too many errors",
    evidence: {},
    at: now,
    ...given,
  };
}

/** A tree with kustomizations that fit; deployments by environment. */
export function aTree(
  given: {
    project?: Project | null;
    environments?: readonly Environment[];
    versions?: readonly ModelVersion[];
    deployments?: Readonly<Record<string, readonly ModelDeployment[]>>;
  } = {},
): Tree {
  const { project = aProject(), environments = [anEnvironment("staging"), anEnvironment("prod")] } = given;
  const { versions = [1, 2, 3].map((version) => aVersion("fraud", version)), deployments = {} } = given;
  const registry = new Map<string, Map<number, ModelVersion>>();
  const deployed = new Map<string, Map<string, ModelDeployment>>();
  const kustomizations = new Map<string, readonly string[]>();
  for (const document of versions) {
    const { model, version } = document.spec;
    registry.set(model, (registry.get(model) ?? new Map<number, ModelVersion>()).set(version, document));
    kustomizations.set(paths.versionKustomization(model, version), ["model-version.yaml"]);
  }
  for (const [environment, documents] of Object.entries(deployments)) {
    deployed.set(environment, new Map(documents.map((document) => [document.spec.model, document])));
    for (const document of documents) {
      const path = paths.deploymentKustomization(environment, document.spec.model);
      kustomizations.set(path, kustomizationResources(document));
    }
  }
  return {
    project,
    environments: new Map(environments.map((environment) => [environment.metadata.name, environment])),
    versions: registry,
    deployments: deployed,
    kustomizations,
  };
}

export function aState(tree: Tree = aTree(), given: Partial<Omit<PlanState, "tree">> = {}): PlanState {
  return {
    tree,
    environmentNames: [...tree.environments.keys()],
    modelNames: [...tree.versions.keys()],
    proposals: [],
    now,
    ...given,
  };
}

/** fraud in staging, with what one test is about. */
export function stagingState(deployment: ModelDeployment, given: Partial<Omit<PlanState, "tree">> = {}): PlanState {
  return aState(aTree({ deployments: { staging: [deployment] } }), given);
}

export function register(given: Partial<RegisterCommand> = {}): RegisterCommand {
  return {
    verb: "register",
    model: "fraud",
    version: null,
    artifact: { file: "out/model.onnx", sha256: digest("new"), sizeBytes: 1000 },
    signature: aVersion().spec.signature,
    opset: 17,
    producer: "skl2onnx",
    featureOrder: null,
    metrics: null,
    baseline: null,
    provenance: { source: null, gitCommit: null, createdBy: null },
    ...given,
  };
}

export function deploy(given: Partial<DeployCommand> = {}): DeployCommand {
  return { verb: "deploy", environment: "staging", model: "fraud", version: 2, weight: null, force: false, ...given };
}

export function promote(given: Partial<PromoteCommand> = {}): PromoteCommand {
  return { verb: "promote", environment: "staging", model: "fraud", version: null, to: null, ...given };
}

export function rollback(given: Partial<RollbackCommand> = {}): RollbackCommand {
  return {
    verb: "rollback",
    environment: "staging",
    model: "fraud",
    to: null,
    by: "person",
    reason: "it is slow",
    evidence: {},
    cut: null,
    ...given,
  };
}

/** An open pull request of mmsp's. */
export function aProposal(branch: string, number = 7) {
  return { branch, number, url: `https://github.example/acme/models/pull/${number}` };
}
