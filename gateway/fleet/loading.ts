import type { Cut } from "../../schemas/cut.ts";
import type { ModelDeployment } from "../../schemas/model-deployment.ts";
import type { ModelVersion } from "../../schemas/model-version.ts";
import { ProblemError, type Problem } from "../../schemas/problem.ts";
import { effective, servedSet } from "../../schemas/effective.ts";
import { paths } from "../../schemas/tree.ts";
import { withRejectionsOf, type Wanted } from "../core/following.ts";
import type { LoadedModel, Runtime, SourceState } from "../core/ports.ts";
import { underCuts } from "../../schemas/cut.ts";
import { readArtifact, type ArtifactOptions } from "../edges/source/artifact.ts";

/** A document that is served, and its versions in memory. */
export interface Served {
  readonly deployment: ModelDeployment;
  readonly loaded: ReadonlyMap<number, LoadedModel>;
  /** Of each loaded version, what it was made from: another key is another model. */
  readonly keys: ReadonlyMap<number, string>;
}

export interface LoadContext {
  readonly wanted: Wanted;
  readonly cuts: readonly Cut[];
  readonly source: SourceState;
  readonly runtime: Runtime;
  readonly artifacts: ArtifactOptions;
}

/** How many models load at the same time: more would only take turns on the cores. */
const atOnce = 2;

/**
 * Loads what the documents ask for and memory has not. A model whose stable version cannot be loaded keeps its last good
 * state, or is not served where it has none; any other version that cannot be loaded is left out.
 */
export async function loadWanted(
  context: LoadContext,
  last: ReadonlyMap<string, Served>,
): Promise<{ readonly served: ReadonlyMap<string, Served>; readonly problems: readonly Problem[] }> {
  const models = [...context.wanted.deployments.values()].toSorted((a, b) => (a.spec.model < b.spec.model ? -1 : 1));
  const results = new Map<string, Served>();
  const problems: Problem[] = [];
  async function work(): Promise<void> {
    for (let next = models.shift(); next !== undefined; next = models.shift()) {
      const { model } = next.spec;
      const served = await loadModel(context, next, last.get(model) ?? null, problems);
      if (served !== null) results.set(model, served);
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work));
  return { served: results, problems };
}

/** Stable first: without it, nothing else is worth loading. */
async function loadModel(
  context: LoadContext,
  deployment: ModelDeployment,
  last: Served | null,
  problems: Problem[],
): Promise<Served | null> {
  const now = underCuts(deployment, context.cuts);
  const stable = effective(now).stable?.version;
  const versions = servedSet(now).toSorted((a, b) => Number(b === stable) - Number(a === stable));
  const loaded = new Map<number, LoadedModel>();
  const keys = new Map<number, string>();
  for (const version of versions) {
    try {
      const [model, key] = await loadVersion(context, deployment, version, last);
      loaded.set(version, model);
      keys.set(version, key);
    } catch (error) {
      problems.push(...problemsOf(error));
      if (version === stable) {
        return last === null ? null : { ...last, deployment: withRejectionsOf(last.deployment, deployment) };
      }
    }
  }
  return { deployment, loaded, keys };
}

/** From memory where it is the same, or where its document cannot be read now. */
async function loadVersion(
  { wanted, source, runtime, artifacts }: LoadContext,
  { spec }: ModelDeployment,
  version: number,
  last: Served | null,
): Promise<readonly [LoadedModel, string]> {
  const held = last?.loaded.get(version);
  const heldKey = last?.keys.get(version) ?? "";
  const document = wanted.versions.get(spec.model)?.get(version);
  if (document === undefined) {
    if (held !== undefined) return [held, heldKey];
    const file = paths.version(spec.model, version);
    throw new ProblemError([
      {
        code: "version-unreadable",
        file,
        message: "cannot be read, so it is not served",
        hint: "mend or restore this file; `mmsp validate` says what is wrong with it",
      },
    ]);
  }
  const options = { intraOpThreads: spec.serving?.intraOpThreads ?? 1 };
  const key = keyOf(document, options.intraOpThreads);
  if (held !== undefined && heldKey === key) return [held, key];
  const store = wanted.policy?.spec.artifactStore ?? wanted.project?.spec.artifactStore ?? null;
  const bytes = await readArtifact(document, store, source, artifacts);
  return [await runtime.load(document, bytes, options), key];
}

/** Everything that makes a difference in memory. */
function keyOf({ spec }: ModelVersion, intraOpThreads: number): string {
  return JSON.stringify([spec.artifact.sha256, spec.signature, spec.featureOrder ?? null, intraOpThreads]);
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
