import { maxParams, maxTags, maxTrainingKey, maxTrainingValue } from "../../../schemas/limits.ts";
import { oneLine } from "../../../schemas/plain-text.ts";

/** Name and value, as MLflow keeps metrics, params and tags. */
type Pairs<T> = readonly (readonly [string, T])[];

/** What a run says of itself. Metrics have their last values. */
export interface MlflowRun {
  readonly id: string;
  readonly artifactUri: string;
  readonly metrics: Pairs<number>;
  readonly params: Pairs<string>;
  readonly tags: Pairs<string>;
  /** Ids of the models that it logged, oldest first; MLflow before 3 has none. */
  readonly models: readonly string[];
}

/** A version in the model registry. */
export interface MlflowVersion {
  readonly model: string;
  readonly version: number;
  readonly run: string | null;
  /** `None`, `Staging`, `Production`, `Archived`. */
  readonly stage: string;
  readonly tags: ReadonlyMap<string, string>;
}

/** Where a model comes from, as a document may hold it: everything is bounded, and one printable line each. */
export interface MlflowProvenance {
  /** `models:/fraud/3`: never an alias or a stage, which move on. */
  readonly source: string;
  readonly run: string | null;
  readonly registered: { readonly model: string; readonly version: number } | null;
  /** The commit that the training ran from, where MLflow noted a whole one. */
  readonly gitCommit: string | null;
  readonly metrics: Readonly<Record<string, number>>;
  readonly params: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  /** What was left out, for the person who registers. */
  readonly notices: readonly string[];
}

/** A metric's name as a metrics file may have it. */
const metricName = /^\P{Cc}{1,128}$/u;

/** Metrics go into a manifest that people review. */
const maxMetrics = 64;

/** What MLflow stores for an infinite value: the largest number that its databases take. */
const infinite = Number.MAX_VALUE;

/** Untrusted facts of a run and of a version, clipped to what a document holds. */
export function mlflowProvenance(
  source: string,
  run: MlflowRun | null,
  version: MlflowVersion | null,
): MlflowProvenance {
  const metrics = metricsOf(run?.metrics ?? []);
  const params = clipped(run?.params ?? [], maxParams);
  // A version's own tags were given later, and by whoever registered it.
  const tags = clipped([...(version?.tags ?? []), ...(run?.tags ?? [])].filter(isPeoples), maxTags);
  const commit = run?.tags.find(([key]) => key === "mlflow.source.git.commit")?.[1] ?? "";
  return {
    source: oneLine(source),
    run: run === null ? null : oneLine(run.id),
    registered: version && { model: oneLine(version.model), version: version.version },
    gitCommit: /^[0-9a-f]{40}([0-9a-f]{24})?$/.test(commit) ? commit : null,
    metrics: Object.fromEntries(metrics.kept),
    params: Object.fromEntries(params.kept),
    tags: Object.fromEntries(tags.kept),
    notices: [
      ...metrics.notices,
      ...leftOut("params", params.dropped, maxParams),
      ...leftOut("tags", tags.dropped, maxTags),
    ],
  };
}

/** MLflow's own tags tell of machines and user interfaces, mmsp's of what is served. */
function isPeoples([key]: readonly [string, string]): boolean {
  return !key.startsWith("mlflow.") && !key.startsWith("mmsp.");
}

function metricsOf(metrics: MlflowRun["metrics"]): { kept: [string, number][]; notices: string[] } {
  const finite = metrics.filter(([, value]) => Number.isFinite(value) && Math.abs(value) < infinite);
  const named = finite.filter(([name]) => metricName.test(name));
  const odd = metrics.filter(([, value]) => !Number.isFinite(value) || Math.abs(value) >= infinite);
  const names = odd.slice(0, 5).map(([name]) => oneLine(name, maxTrainingKey));
  return {
    kept: named.slice(0, maxMetrics).map(([name, value]) => [name, value]),
    notices: [
      ...(odd.length > 0 ? [`metrics that are no finite number were left out: ${names.join(", ")}`] : []),
      ...leftOut("metrics", finite.length - Math.min(named.length, maxMetrics), maxMetrics),
    ],
  };
}

/** The first of each name, in the order given. */
function clipped(pairs: Pairs<string>, most: number): { kept: [string, string][]; dropped: number } {
  const all = new Map<string, string>();
  for (const [rawKey, rawValue] of pairs) {
    const key = oneLine(rawKey, maxTrainingKey);
    if (key !== "" && !all.has(key)) all.set(key, oneLine(rawValue, maxTrainingValue));
  }
  return { kept: [...all].slice(0, most), dropped: Math.max(0, all.size - most) };
}

function leftOut(what: string, count: number, most: number): string[] {
  return count > 0 ? [`${count} more ${what} were left out: a version holds ${most}, with short names`] : [];
}
