import { readTree } from "../../schemas/read-tree.ts";
import { modelOf } from "../../schemas/tree.ts";
import type { Change, Command, Refusal, Skip } from "./core/change.ts";
import type { FileWrite, Scope, Snapshot } from "./core/ports.ts";
import { scopeOf } from "./core/scope.ts";
import { draftOver, type Planner } from "./draft-over.ts";

/** What was planned for each of several commands, in their order, and what all of it writes. */
export interface DraftTogether {
  readonly plans: readonly (Change | Skip | Refusal | Failed)[];
  readonly files: readonly FileWrite[];
}

/** Planning or editing has thrown; the other commands' drafts stand. */
interface Failed {
  readonly kind: "failed";
  readonly error: unknown;
}

/** What several commands have to see, for a commit that all of them share. */
export function scopeOfAll(commands: readonly Command[]): Scope {
  const models = new Set(commands.map(({ model }) => model));
  const environments = new Set(commands.flatMap((command) => scopeOf(command).environments));
  const proposals = { branches: [], searches: [], all: false };
  return { models: [...models], environments: [...environments], proposals };
}

/**
 * Each command is planned over the documents as those before it leave them, and sees its own model's only: what is wrong with
 * another model stands in nobody's way. `branch`: of the proposal that holds them all, or null.
 */
export function draftTogether(
  commands: readonly Command[],
  snapshot: Snapshot,
  planner: Planner,
  now: string,
  branch: string | null,
): DraftTogether {
  const byModel = filesByModel(snapshot.files);
  const shared = byModel.get(null) ?? new Map<string, string>();
  // Documents that all models share are parsed once, and not for each command.
  const { read } = readTree(snapshot.files, planner.known?.());
  const reader = { ...planner, known: () => read };
  const writes = new Map<string, FileWrite>();
  const plans = commands.map((command) => {
    const own = byModel.get(command.model) ?? new Map<string, string>();
    byModel.set(command.model, own);
    const unreadable = snapshot.unreadable.filter(({ file = "" }) => [null, command.model].includes(modelOf(file)));
    const files = new Map([...shared, ...own]);
    const draft = tried(() => draftOver({ ...snapshot, files, unreadable }, command, reader, now, branch));
    if (draft.kind !== "draft") return draft;
    for (const write of draft.files) {
      writes.set(write.path, write);
      if (typeof write.content === "string") own.set(write.path, write.content);
      else own.delete(write.path);
    }
    return draft.change;
  });
  return { plans, files: [...writes.values()] };
}

/** null: those that belong to no model. */
function filesByModel(files: ReadonlyMap<string, string>): Map<string | null, Map<string, string>> {
  const byModel = new Map<string | null, Map<string, string>>();
  for (const [path, text] of files) {
    const model = modelOf(path);
    const own = byModel.get(model) ?? new Map<string, string>();
    byModel.set(model, own.set(path, text));
  }
  return byModel;
}

function tried<T>(draft: () => T): T | Failed {
  try {
    return draft();
  } catch (error) {
    return { kind: "failed", error };
  }
}
