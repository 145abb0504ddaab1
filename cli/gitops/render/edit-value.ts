import { isAlias, isMap, isScalar, isSeq, visit, type Node } from "yaml";
import { formatPath, type DocumentPath } from "../../../schemas/document.ts";
import { fail } from "../../../schemas/problem.ts";
import { alignKeys, alignLists, type Layout } from "./align.ts";
import { editBlock } from "./block.ts";
import { isRecord, keysOf, same, valueAt, type PlainRecord } from "./compare.ts";
import { editFlow } from "./flow.ts";
import { besides, flowPair, flowText, itemLines, pairLines, type Style } from "./house-style.ts";
import { entriesOf, hasBraces, isBlock, type Collection, type Entry } from "./locate.ts";
import { replaceValue, type Place } from "./replace.ts";
import { columnOf, isBlank, type Source } from "./source.ts";
import type { Splice } from "./splice.ts";

/** The edits that make the value at `place`, which is `current`, say `next`. Goes down to the smallest that will do. */
export function editValue(source: Source, place: Place, current: unknown, next: unknown, path: DocumentPath): Splice[] {
  if (same(current, next)) return [];
  const { node } = place;
  if (isAlias(node)) unsafe(source, path, `is written once, at the anchor &${node.source}, for several places`);
  const anchor = node?.anchor;
  if (anchor !== undefined && source.aliases.has(anchor)) unsafe(source, path, `is used elsewhere as *${anchor}`);
  const edit = { source, place, path };
  if (isMap(node) && isRecord(current) && isRecord(next)) return editMap(edit, node, current, next);
  if (isSeq(node) && Array.isArray(current) && Array.isArray(next)) return editList(edit, node, current, next);
  return replace(edit, next);
}

/** Stops: the text cannot say this without risk to the rest of it. */
export function unsafe(source: Source, path: DocumentPath, message: string): never {
  const hint = "make this change by hand, or write this part of the file more plainly";
  fail({ code: "yaml-edit-unsafe", file: source.file, path: formatPath(path), message, hint });
}

interface Edit {
  readonly source: Source;
  readonly place: Place;
  readonly path: DocumentPath;
}

function replace({ source, place, path }: Edit, next: unknown): Splice[] {
  const { node } = place;
  if (node?.tag !== undefined) unsafe(source, path, `has the tag ${node.tag}, which another value may not have`);
  refuseIfUsedElsewhere(source, node, path);
  return replaceValue(source, place, next);
}

function editMap(edit: Edit, node: Collection, current: PlainRecord, next: PlainRecord): Splice[] {
  const { source, path } = edit;
  const entries = entriesOf(source, node) ?? unsafe(source, path, "has keys that are no plain text");
  // `<<: *base` of YAML 1.1 is an entry of the text and no key of the value; what comes from there is not written again.
  const merges = (key: string) => key === "<<" && !Object.hasOwn(current, key);
  const keys = entries.map(({ key }) => key ?? "");
  const values = keys.map((key) => valueAt(current, key));
  const wanted = keysOf(next).filter((key) => keys.includes(key) || !same(valueAt(current, key), next[key]));
  const layout = alignKeys(keys, wanted, merges);
  const style = styleInside(edit.place.style, entries, values);
  const below = entries.flatMap((entry, at) => {
    const key = keys[at] ?? "";
    if (!layout.stays[at] || merges(key)) return [];
    return editValue(source, inside(node, entry, style), values[at], next[key], [...path, key]);
  });
  if (staysWhole(layout)) return below;
  if (hasNoRoom(source, node, entries)) return replace(edit, next);
  const lines = (key: string, column: number) => pairLines(key, next[key], style, column);
  const text = (key: string) => flowPair(key, next[key], style);
  return [...below, ...comeAndGo(edit, { node, entries, empty: "{}" }, layout, lines, text)];
}

function editList(edit: Edit, node: Collection, current: readonly unknown[], next: readonly unknown[]): Splice[] {
  const { source, path } = edit;
  const entries = entriesOf(source, node) ?? unsafe(source, path, "has entries that cannot be told apart");
  const { layout, values } = alignLists(current, next);
  const style = styleInside(edit.place.style, entries, current);
  const below = entries.flatMap((entry, at) => {
    if (!values.has(at)) return [];
    return editValue(source, inside(node, entry, style), current[at], values.get(at), [...path, at]);
  });
  if (staysWhole(layout)) return below;
  if (hasNoRoom(source, node, entries)) return replace(edit, next);
  const lines = (item: unknown, column: number) => itemLines(item, style, column);
  const text = (item: unknown) => flowText(item, style, "flow");
  return [...below, ...comeAndGo(edit, { node, entries, empty: "[]" }, layout, lines, text)];
}

function staysWhole(layout: Layout<unknown>): boolean {
  return layout.added.length === 0 && !layout.stays.includes(false);
}

/** `[]`, which may be better in block style once it holds something, and the map of `[a: 1]`, which has no braces. */
function hasNoRoom(source: Source, node: Collection, entries: readonly Entry[]): boolean {
  if (!node.flow) return false;
  const inner = source.text.slice(node.range?.[0], node.range?.[1]).slice(1, -1);
  return !hasBraces(node) || (entries.length === 0 && isBlank(inner));
}

/** Entries that are removed and added, in the style of the collection. */
function comeAndGo<T>(
  { source, place, path }: Edit,
  collection: { readonly node: Collection; readonly entries: readonly Entry[]; readonly empty: "{}" | "[]" },
  layout: Layout<T>,
  linesOf: (entry: T, column: number) => string[],
  textOf: (entry: T) => string,
): Splice[] {
  const { node, entries, empty } = collection;
  for (const [at, entry] of entries.entries()) {
    if (layout.stays[at]) continue;
    refuseIfUsedElsewhere(source, entry.keyNode, path);
    refuseIfUsedElsewhere(source, entry.node, path);
  }
  const written = <U>(write: (entry: T) => U): Layout<U> => ({
    stays: layout.stays,
    added: layout.added.map(({ after, entry }) => ({ after, entry: write(entry) })),
  });
  if (!isBlock(node)) return editFlow(source, { node, entries, layout: written(textOf) });
  const column = columnOf(source.text, entries[0]?.start ?? 0);
  const lines = written((entry) => linesOf(entry, column));
  return editBlock(source, { entries, layout: lines, slot: place.slot, empty });
}

function inside(node: Collection, entry: Entry, style: Style): Place {
  return { ...entry, holder: isBlock(node) ? "block" : "flow", style };
}

/** New entries follow their neighbours: block style where these stand so, quotes where all have them. */
function styleInside(style: Style, entries: readonly Entry[], values: readonly unknown[]): Style {
  const json =
    entries.length > 0 && entries.every(({ keyNode }) => isScalar(keyNode) && keyNode.type === "QUOTE_DOUBLE");
  const neighbours = entries.map(({ node }, at) => ({ value: values[at], block: isBlock(node) }));
  return besides(json ? { ...style, strings: "double" } : style, neighbours);
}

/** A node that goes may not be what an alias outside of it refers to. */
function refuseIfUsedElsewhere(source: Source, node: Node | null, path: DocumentPath): void {
  if (source.aliases.size === 0 || node === null) return;
  const anchors: string[] = [];
  const aliases: string[] = [];
  visit(node, {
    Alias: (_, alias) => {
      aliases.push(alias.source);
    },
    Value: (_, { anchor }) => {
      if (anchor !== undefined) anchors.push(anchor);
    },
  });
  const used = anchors.find(
    (anchor) => aliases.filter((alias) => alias === anchor).length < (source.aliases.get(anchor) ?? 0),
  );
  if (used !== undefined) unsafe(source, path, `holds the anchor &${used}, which is used elsewhere`);
}
