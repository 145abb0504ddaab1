import { formatProblem } from "../../schemas/problem.ts";
import { readFile } from "../../schemas/read-file.ts";
import { placeOf } from "../../schemas/tree.ts";
import type { FileChange, HistoryLog, HistoryScope, HistorySource } from "./core/history-port.ts";
import { historyOf, type History, type Revision } from "./core/history.ts";

export interface ReadHistory extends History {
  readonly log: HistoryLog;
}

/** Who served when, of every environment in the scope, from what the branch says. */
export async function readHistory(source: HistorySource, scope: HistoryScope): Promise<ReadHistory> {
  const log = await source.deployments(scope);
  const histories = [...revisionsOf(log.changes)].map(([environment, revisions]) => historyOf(environment, revisions));
  return {
    log,
    periods: histories.flatMap(({ periods }) => periods),
    broken: histories.flatMap(({ broken }) => broken),
  };
}

/** environment -> what its document came to, commit by commit. A text that comes again is read once. */
function revisionsOf(changes: readonly FileChange[]): ReadonlyMap<string, readonly Revision[]> {
  const environments = new Map<string, Revision[]>();
  const read = new Map<string, Omit<Revision, "commit">>();
  for (const { path, commit, text } of changes) {
    const place = placeOf(path);
    if (place?.kind !== "deployment") continue;
    const key = `${path}\n${text ?? ""}`;
    const content = text === null ? { document: null, broken: null } : (read.get(key) ?? readText(path, text));
    read.set(key, content);
    const revisions = environments.get(place.environment) ?? [];
    environments.set(place.environment, revisions);
    revisions.push({ ...content, commit });
  }
  return environments;
}

function readText(path: string, text: string): Omit<Revision, "commit"> {
  const file = readFile(path, text);
  if (file?.content?.kind === "deployment") return { document: file.content.value, broken: null };
  const [problem] = file?.problems ?? [];
  const message = problem === undefined ? "is no deployment" : formatProblem({ ...problem, file: undefined });
  return { document: null, broken: message.split("\n")[0] ?? message };
}
