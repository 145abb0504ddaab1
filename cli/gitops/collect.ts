import { fail, ProblemError } from "../../schemas/problem.ts";
import { readTree, type ReadTree } from "../../schemas/read-tree.ts";
import { checkTree } from "../../schemas/rules.ts";
import { withSettings, type Settings } from "../../schemas/settings.ts";
import { paths } from "../../schemas/tree.ts";
import { candidatesOf, planGc, type GcPlan, type Past, type PullName } from "./core/gc.ts";
import type { HistorySource } from "./core/history-port.ts";
import { lastServed } from "./core/history.ts";
import type { FileWrite } from "./core/ports.ts";
import { readHistories } from "./read-history.ts";

/** One state of the documents, and what can be asked about their files and their past. */
export interface GcSource {
  readonly files: ReadonlyMap<string, string>;
  readonly history: HistorySource;
  /** Versions that open pull requests name; asked only where something may go. */
  readonly pulls: (models: ReadonlySet<string>) => Promise<readonly PullName[]>;
  /** Sizes in bytes of those files that are there. */
  readonly sizes: (paths: readonly string[]) => Promise<ReadonlyMap<string, number>>;
  /** What variables say instead of the files. */
  readonly settings: Settings;
}

/** What is to go, as files of the repository. Nothing is written yet. */
export interface GcDraft extends GcPlan {
  readonly writes: readonly FileWrite[];
  /** Bytes of the artifacts among them, by path. */
  readonly artifacts: ReadonlyMap<string, number>;
}

/**
 * Plans what may go. Throws a ProblemError where that cannot be known: a document that is broken may name anything, and a
 * shallow clone does not know what served.
 */
export async function draftGc(source: GcSource, now: Date, windowMs: number): Promise<GcDraft> {
  const before = readTree(source.files);
  if (before.problems.length > 0) throw new ProblemError(before.problems);
  const tree = withSettings(before.tree, source.settings);
  const candidates = candidatesOf(tree);
  const models = new Set(candidates.map(({ model }) => model));
  const pastOf = await pastsOf(source.history, candidates, now.getTime());
  const pulls = models.size === 0 ? [] : await source.pulls(models);
  const plan = planGc({ tree, pulls, pastOf, now: now.getTime(), windowMs });
  const artifacts = await source.sizes([...new Set(plan.remove.flatMap(({ files }) => files))]);
  const documents = plan.remove.flatMap(({ document: { spec } }) => [
    paths.version(spec.model, spec.version),
    paths.versionKustomization(spec.model, spec.version),
  ]);
  const gone = [...documents.filter((path) => source.files.has(path)), ...artifacts.keys()];
  const writes = gone.map((path): FileWrite => ({ path, content: null }));
  refuseBreaking(source.files, before, writes);
  return { ...plan, writes, artifacts };
}

/** What git knows of candidates. One that the branch has never had is as young as can be. */
async function pastsOf(
  history: HistorySource,
  candidates: readonly { readonly model: string; readonly version: number }[],
  now: number,
): Promise<(model: string, version: number) => Past> {
  if (candidates.length === 0) return () => ({ lastServed: null, registered: now });
  const models = [...new Set(candidates.map(({ model }) => model))];
  const { log, models: pasts } = await readHistories(history, { models, environment: null });
  if (!log.isWhole) {
    const hint = "git fetch --unshallow brings the rest";
    fail({ code: "history-shallow", message: "the clone does not know all of what served", hint });
  }
  const registrations = candidates.map(({ model, version }) => paths.version(model, version));
  const came = await history.lastChanges(registrations);
  return (model, version) => {
    const time = came.get(paths.version(model, version));
    return {
      lastServed: lastServed(pasts.get(model)?.periods ?? [], version, now),
      registered: time === undefined ? now : Date.parse(time),
    };
  };
}

/** No problem may come of it; that one does would be a bug of the plan, and then nothing is to be written. */
function refuseBreaking(files: ReadonlyMap<string, string>, before: ReadTree, writes: readonly FileWrite[]): void {
  const left = new Map(files);
  for (const { path } of writes) left.delete(path);
  const problems = checkTree(readTree(left, before.read).tree);
  if (problems.length <= checkTree(before.tree).length) return;
  throw new Error("taking these versions away would break the documents", { cause: new ProblemError(problems) });
}
