import { formatProblem } from "../../schemas/problem.ts";
import { readFile } from "../../schemas/read-file.ts";
import { placeOf } from "../../schemas/tree.ts";
import type { FileChange, HistoryLog, HistoryScope, HistorySource } from "./core/history-port.ts";
import { historyOf, type History, type Revision } from "./core/history.ts";

export interface ReadHistory extends History {
  readonly log: HistoryLog;
}

/** Who served when, of one model in every environment of the scope, from what the branch says. */
export async function readHistory(
  source: HistorySource,
  { model, environment }: { readonly model: string; readonly environment: string | null },
): Promise<ReadHistory> {
  const { log, models } = await readHistories(source, { models: [model], environment });
  return { log, ...(models.get(model) ?? { periods: [], broken: [] }) };
}

/** The same of several models, by name; of one that never was in any document there is nothing. */
export async function readHistories(
  source: HistorySource,
  scope: HistoryScope,
): Promise<{ readonly log: HistoryLog; readonly models: ReadonlyMap<string, History> }> {
  const log = await source.deployments(scope);
  const models = new Map<string, History>();
  for (const { model, environment, revisions } of revisionsOf(log.changes)) {
    const { periods, broken } = historyOf(environment, revisions);
    const others = models.get(model) ?? { periods: [], broken: [] };
    models.set(model, { periods: [...others.periods, ...periods], broken: [...others.broken, ...broken] });
  }
  return { log, models };
}

interface Document {
  readonly environment: string;
  readonly model: string;
  readonly revisions: Revision[];
}

/** What each document came to, commit by commit. A text that comes again is read once. */
function revisionsOf(changes: readonly FileChange[]): readonly Document[] {
  const documents = new Map<string, Document>();
  const read = new Map<string, Omit<Revision, "commit">>();
  for (const { path, commit, text } of changes) {
    const place = placeOf(path);
    if (place?.kind !== "deployment") continue;
    const key = `${path}\n${text ?? ""}`;
    const content = text === null ? { document: null, broken: null } : (read.get(key) ?? readText(path, text));
    if (text !== null) read.set(key, content);
    const { environment, model } = place;
    const document = documents.get(path) ?? { environment, model, revisions: [] };
    documents.set(path, document);
    document.revisions.push({ ...content, commit });
  }
  return [...documents.values()];
}

function readText(path: string, text: string): Omit<Revision, "commit"> {
  const file = readFile(path, text);
  if (file?.content?.kind === "deployment") return { document: file.content.value, broken: null };
  const [problem] = file?.problems ?? [];
  const message = problem === undefined ? "is no deployment" : formatProblem({ ...problem, file: undefined });
  return { document: null, broken: message.split("\n")[0] ?? message };
}
