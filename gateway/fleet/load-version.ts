import type { Environment } from "../../schemas/environment.ts";
import type { ModelVersion } from "../../schemas/model-version.ts";
import { filesOf } from "../../schemas/artifact.ts";
import { fail, ProblemError, type Problem } from "../../schemas/problem.ts";
import type { Project } from "../../schemas/project.ts";
import { paths } from "../../schemas/tree.ts";
import { backendKey, backendOf, type Backend } from "../core/backend.ts";
import type {
  LoadedModel,
  ModelFile,
  ModelServer,
  ReadArtifact,
  Runtime,
  SessionOptions,
  SourceState,
} from "../core/ports.ts";

/** A version that is to be in memory. */
export interface VersionOrder {
  readonly key: string;
  readonly document: ModelVersion;
  readonly options: SessionOptions;
  /** It gets traffic as soon as it is there. */
  readonly isServing: boolean;
}

export interface LoadParts {
  readonly policy: Environment | null;
  readonly project: Project | null;
  readonly source: SourceState;
  readonly runtime: Runtime;
  /** Where the versions are that are not loaded here; null: all of them are. */
  readonly server: ModelServer | null;
  readonly readArtifact: ReadArtifact;
  /** Milliseconds for opening the model and its trial. */
  readonly loadMs: number;
}

/** A load that took too long. It cannot be called off: a thread inside onnxruntime ends only when that returns. */
export class LateLoad extends ProblemError {
  /** Where the load comes to an end after all. */
  readonly model: Promise<LoadedModel>;

  constructor(problem: Problem, model: Promise<LoadedModel>) {
    super([problem]);
    this.model = model;
  }
}

/** By document: a table is built from all of them whenever one version has come. */
const made = new WeakMap<ModelVersion, string>();

/** Everything that makes a difference in memory. */
export function keyOf(document: ModelVersion, backend: Backend, options: SessionOptions): string {
  const { model, version, artifact, signature, featureOrder = null } = document.spec;
  const digests = filesOf(artifact).map(({ sha256 }) => sha256);
  const of = made.get(document) ?? JSON.stringify([model, version, digests, signature, featureOrder]);
  made.set(document, of);
  const { intraOpThreads, interOpThreads, executionMode, graphOptimization, memoryArena } = options;
  const opened = [intraOpThreads, interOpThreads, executionMode, graphOptimization, memoryArena].join(" ");
  return `${of} ${backendKey(backend)} ${opened}`;
}

/** Reads the artifact and loads it, or asks the model server for it. Throws a ProblemError; a LateLoad after `loadMs` there. */
export async function loadVersion({ document, options }: VersionOrder, parts: LoadParts): Promise<LoadedModel> {
  const { policy, server, loadMs } = parts;
  const backend = backendOf(policy);
  if (backend.kind === "triton") checkAddresses(backend.addresses, policy);
  const loading =
    backend.kind === "triton" && server !== null
      ? server.find(document, backend.addresses)
      : parts.runtime.load(document, await readFile(document, parts), options);
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new LateLoad(lateProblem(document, loadMs), loading)), loadMs);
  try {
    return await Promise.race([loading, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function readFile(document: ModelVersion, { policy, project, source, readArtifact }: LoadParts): Promise<ModelFile> {
  return readArtifact(document, policy?.spec.artifactStore ?? project?.spec.artifactStore ?? null, source);
}

/** Told by who needs them: a variable may give them, which nobody else knows of. */
function checkAddresses(addresses: readonly string[], policy: Environment | null): void {
  const wrong = addresses.find((address) => !URL.canParse(address));
  if (addresses.length > 0 && wrong === undefined) return;
  fail({
    code: wrong === undefined ? "triton-address-missing" : "triton-address-invalid",
    file: paths.environment(policy?.metadata.name ?? ""),
    path: "spec.addresses.triton",
    message:
      wrong === undefined
        ? "is missing: the backend is triton, and nobody says where that is"
        : `"${wrong}" is no address`,
    hint: "list the address of each replica, such as http://triton:8000, or set MMSP_TRITON_URL",
  });
}

function lateProblem({ spec: { model, version } }: ModelVersion, loadMs: number): Problem {
  return {
    code: "model-load-timeout",
    file: paths.version(model, version),
    message: `version ${version} of ${model} was not loaded and tried within ${loadMs / 1000} s`,
    hint: "it may calculate without an end: take it out; its thread ends with the gateway at the latest",
  };
}

/** What went wrong, for people. */
export function problemsOf(error: unknown): readonly Problem[] {
  if (error instanceof ProblemError) return error.problems;
  return [
    {
      code: "internal",
      message: error instanceof Error ? error.message : String(error),
      hint: "the log of the gateway says more; please report it",
    },
  ];
}
