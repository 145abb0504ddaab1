import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { stringify } from "yaml";
import { kustomizationResources } from "../../../schemas/effective.ts";
import type { ModelDeployment } from "../../../schemas/model-deployment.ts";
import type { ModelVersion } from "../../../schemas/model-version.ts";
import { paths } from "../../../schemas/tree.ts";
import { aDeployment, anEnvironment, aProject, aVersion } from "../../support/builders.ts";
import { signature } from "./models.ts";

/** path -> content */
export type Files = ReadonlyMap<string, string | Uint8Array>;

const store = "artifacts";
const minutesAgo = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();

/** mmsp.yaml and one policy an environment. */
export function foundation(environments: readonly string[]): Files {
  return new Map([
    [paths.project, stringify(aProject({ artifactStore: store }))],
    ...environments.map((name) => [paths.environment(name), stringify(anEnvironment(name))] as const),
  ]);
}

/** One model of an environment: stable 1 and, where two artifacts are given, canary 2 at half of the traffic. */
export function servedModel(environment: string, model: string, artifacts: readonly Uint8Array[]): Files {
  const versions = artifacts.map((bytes, at) => registered(model, at + 1, bytes));
  const since = minutesAgo(10);
  const deployment = aDeployment({
    model,
    spec: {
      stable: { version: 1, attempt: 1, since },
      ...(artifacts.length < 2 ? {} : { canary: { version: 2, attempt: 2, since, weight: 50 } }),
    },
  });
  return new Map([
    ...versions.flatMap(({ document, key }, at) => [
      ...versionFiles(document),
      [`${store}/${key}`, artifacts[at] ?? ""] as const,
    ]),
    ...deploymentFiles(environment, deployment),
  ]);
}

export function deploymentFiles(environment: string, deployment: ModelDeployment): Files {
  const { model } = deployment.spec;
  return new Map([
    [paths.deployment(environment, model), stringify(deployment)],
    [paths.deploymentKustomization(environment, model), stringify({ resources: kustomizationResources(deployment) })],
  ]);
}

export function versionFiles(document: ModelVersion): Files {
  const { model, version } = document.spec;
  return new Map([
    [paths.version(model, version), stringify(document)],
    [paths.versionKustomization(model, version), stringify({ resources: ["model-version.yaml"] })],
  ]);
}

export function writeFiles(root: string, files: Files): void {
  for (const [path, content] of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
}

export function merged(...parts: readonly Files[]): Files {
  return new Map(parts.flatMap((part) => [...part]));
}

function registered(model: string, version: number, bytes: Uint8Array) {
  const sha256 = new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
  const key = `sha256/${sha256}/model.onnx`;
  const artifact = { key, sha256, sizeBytes: bytes.length };
  return { key, document: aVersion(model, version, { artifact, signature }) };
}
