import type { Change, DocumentChange } from "../core/change.ts";
import type { FileWrite } from "../core/ports.ts";
import { readYaml } from "../../../schemas/document.ts";
import { isRecord } from "./compare.ts";
import { newDocument } from "./new-document.ts";
import { updateYaml } from "./yaml-edit.ts";

/** With `merge`, the value names some top-level keys of a document that keeps its others. */
type Edit = DocumentChange & { readonly merge?: true };

/**
 * The files that a change writes, edited from the texts that it was planned on. Only what really differs: a document that
 * says already what it should, or that is to be deleted and is not there, makes no file. Artifacts are not handled here.
 * Throws a ProblemError, with the path of the file, where a text cannot be edited.
 */
export function renderChange(change: Change, files: ReadonlyMap<string, string>): readonly FileWrite[] {
  return change.documents.flatMap((edit: Edit) => {
    const { path } = edit;
    const text = files.get(path);
    const content = edit.value === null ? null : contentOf(edit, text);
    return content === (text ?? null) ? [] : [{ path, content }];
  });
}

function contentOf({ path, value, merge }: Edit, text: string | undefined): string {
  if (text === undefined) return newDocument(value);
  return updateYaml(text, merge ? merged(path, text, value) : value, path);
}

function merged(path: string, text: string, value: unknown): unknown {
  const current = readYaml(path, text).value;
  return isRecord(current) && isRecord(value) ? { ...current, ...value } : value;
}
