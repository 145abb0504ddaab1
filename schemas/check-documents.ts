import { withPositions } from "./positions.ts";
import { sortedByPlace, type Problem } from "./problem.ts";
import type { Content } from "./read-file.ts";
import { readTree, treeOf, type ReadTree } from "./read-tree.ts";
import { checkTree } from "./rules.ts";
import type { opaqueContent } from "./sound-parts.ts";
import { meantPath, paths, placeOf } from "./tree.ts";

/**
 * Documents (path -> text), with everything that is wrong with them: by the schemas, and by the rules, of broken ones as far as
 * they can be read, by file and line. `earlier`: as in `readTree`; `unreadable`: paths of documents that are there, but not among `files`.
 */
export function checkDocuments(
  files: ReadonlyMap<string, string>,
  earlier?: ReadTree["read"],
  unreadable: readonly string[] = [],
): ReadTree {
  const { tree, problems, read } = readTree(files, earlier);
  const isWhole = problems.length === 0 && unreadable.length === 0;
  const broken = isWhole ? checkTree(tree) : checkWithParts(read, unreadable);
  return { tree, problems: sortedByPlace(withPositions([...problems, ...broken], files)), read };
}

/** The rules over a tree in which broken documents are there, with what can be read of them. */
function checkWithParts(read: ReadTree["read"], unreadable: readonly string[]): readonly Problem[] {
  const contents = new Map<string, Content | null>();
  for (const [path, { content, parts = null }] of read) {
    const named = meantPath(path);
    if (named === path || !read.has(named)) contents.set(named, content ?? parts);
  }
  for (const path of unreadable) {
    const named = meantPath(path);
    const place = placeOf(named);
    if (place !== null && !contents.has(named)) contents.set(named, opaque(place));
  }
  const hasPlace = ([path, content]: readonly [string, Content | null]): boolean =>
    content?.kind !== "version" || path === paths.version(content.model, content.version);
  // To the rules there is nothing in a folder like `01` but its kustomization.
  const isThere = ({ code, file = "" }: Problem): boolean => code === "document-missing" && contents.has(file);
  return checkTree(treeOf([...contents].filter(hasPlace))).filter((problem) => !isThere(problem));
}

/** Loaded where a document cannot be read. */
const opaque: typeof opaqueContent = (place) =>
  (require("./sound-parts.ts") as { readonly opaqueContent: typeof opaqueContent }).opaqueContent(place);
