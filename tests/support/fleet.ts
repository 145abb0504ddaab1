import { stringify } from "yaml";
import type { Cut } from "../../schemas/cut.ts";
import type { ModelDeployment } from "../../schemas/model-deployment.ts";
import type { ModelVersion } from "../../schemas/model-version.ts";
import { kustomizationResources } from "../../schemas/effective.ts";
import { paths } from "../../schemas/tree.ts";
import type { LoadedModel, Source, SourceState } from "../../gateway/core/ports.ts";
import { linearSignature, modelVersion } from "./versions.ts";

type Spec = ModelDeployment["spec"];

export const since = "2026-11-20T09:00:00Z";

/** A deployment of `fraud` with stable 1; `spec` says what is different. */
export function deploymentOf(spec: Partial<Spec> = {}): ModelDeployment {
  const model = spec.model ?? "fraud";
  return {
    apiVersion: "mmsp.dev/v1alpha1",
    kind: "ModelDeployment",
    metadata: { name: model },
    spec: { model, stable: { version: 1, attempt: 1, since }, ...spec },
  };
}

export function cutOf(cut: Partial<Cut> = {}): Cut {
  return {
    environment: "dev",
    model: "fraud",
    version: 2,
    attempt: 2,
    phase: "canary",
    by: "guard",
    reason: "errors",
    evidence: {},
    at: since,
    ...cut,
  };
}

/** A loaded version that no test calls. */
export function loadedOf(version: number, model = "fraud"): LoadedModel {
  return {
    model,
    version,
    sha256: "0".repeat(64),
    signature: linearSignature(),
    featureOrder: null,
    place: "inline",
    trialMs: 0,
    infer: () => Promise.resolve([]),
    close: () => Promise.resolve(),
  };
}

export interface RepositoryParts {
  readonly environment?: string;
  readonly deployments: readonly ModelDeployment[];
  /** model -> version -> bytes of the model */
  readonly models: Readonly<Record<string, Readonly<Record<number, Uint8Array>>>>;
  readonly change?: (version: ModelVersion) => ModelVersion;
}

/** All files of a repository whose store is `store/` inside it. */
export function repositoryOf(parts: RepositoryParts): Map<string, string | Uint8Array> {
  const { environment = "dev", deployments, models, change = (version) => version } = parts;
  const files = new Map<string, string | Uint8Array>();
  const head = (kind: string, name: string) => ({ apiVersion: "mmsp.dev/v1alpha1", kind, metadata: { name } });
  const project = { repository: "o/r", baseBranch: "main", artifactStore: "store", templateVersion: 1 };
  files.set(paths.project, stringify({ ...head("Project", "mmsp"), spec: project }));
  const policy = { namespace: environment, backend: "embedded" };
  files.set(paths.environment(environment), stringify({ ...head("Environment", environment), spec: policy }));
  for (const [model, versions] of Object.entries(models)) {
    for (const [version, bytes] of Object.entries(versions)) {
      const document = change(modelVersion(bytes, { model, version: Number(version) }));
      files.set(paths.version(model, Number(version)), stringify(document));
      files.set(paths.versionKustomization(model, Number(version)), "resources: [model-version.yaml]\n");
      files.set(`store/${document.spec.artifact.key}`, bytes);
    }
  }
  for (const deployment of deployments) {
    const { model } = deployment.spec;
    files.set(paths.deployment(environment, model), stringify(deployment));
    const resources = kustomizationResources(deployment);
    files.set(paths.deploymentKustomization(environment, model), stringify({ resources }));
  }
  return files;
}

/** A source whose files a test sets; `change` tells the watcher. */
export function memorySource(files: ReadonlyMap<string, string | Uint8Array>) {
  let current = files;
  let revision = 0;
  let broken: Error | null = null;
  const watchers = new Set<() => void>();
  const source: Source = {
    description: "memory",
    read(): Promise<SourceState> {
      if (broken !== null) return Promise.reject(broken);
      const state = current;
      const texts = [...state].filter((entry): entry is [string, string] => typeof entry[1] === "string");
      return Promise.resolve({
        revision: String(revision),
        files: new Map(texts),
        readFile: (path) => {
          const content = state.get(path);
          return content instanceof Uint8Array ? Promise.resolve(content) : Promise.reject(new Error(`no ${path}`));
        },
      });
    },
    watch(onChange) {
      watchers.add(onChange);
      return () => watchers.delete(onChange);
    },
  };
  return {
    source,
    set(next: ReadonlyMap<string, string | Uint8Array>): void {
      current = next;
      revision++;
    },
    fail(error: Error | null): void {
      broken = error;
    },
    tell(): void {
      for (const watcher of watchers) watcher();
    },
    watchers,
  };
}

/** All of a table's state but the models: nothing is said, cut or wrong. */
export const nothingElse = {
  revision: "1",
  environment: "dev",
  policy: null,
  project: null,
  documented: [],
  cuts: [],
  problems: [],
};
