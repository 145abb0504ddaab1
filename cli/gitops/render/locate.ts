import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type CST,
  type Node,
  type Pair,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import { previousLineEnd, type Source } from "./source.ts";

export type Collection = YAMLMap | YAMLSeq;

/** One entry of a map or list, as it stands in the text. All places are offsets. */
export interface Entry {
  /** null in a list. */
  readonly key: string | null;
  readonly keyNode: Node | null;
  /** null where the entry is a key without a colon. */
  readonly node: Node | null;
  /** First character: of `-`, `?`, an anchor or the key. */
  readonly start: number;
  /** Behind the last character, end-of-line comments and white space left out. */
  readonly end: number;
  /** Where a value is written that is not there yet, behind colon or dash, anchor and tag; null where there is neither. */
  readonly slot: number | null;
}

/** The entries in the order of the text; null where the text cannot be told apart. */
export function entriesOf(source: Source, collection: Collection): Entry[] | null {
  const entries = isMap(collection) ? pairEntries(source, collection) : itemEntries(source, collection);
  return entries.includes(null) ? null : (entries as Entry[]);
}

function pairEntries(source: Source, map: YAMLMap): (Entry | null)[] {
  return map.items.map((pair: Pair & { srcToken?: CST.CollectionItem }) => {
    const { key, value, srcToken } = pair;
    const start = srcToken && firstToken(srcToken);
    if (start === undefined || start === null || !isScalar(key) || !key.range) return null;
    const node = isNode(value) ? value : null;
    const slot = slotAfter(srcToken?.sep, "map-value-ind");
    const end = node === null ? (slot ?? key.range[1]) : contentEnd(source, node, slot ?? key.range[1]);
    return end === null
      ? null
      : { key: typeof key.value === "string" ? key.value : "", keyNode: key, node, start, end, slot };
  });
}

function itemEntries(source: Source, list: YAMLSeq): (Entry | null)[] {
  const token = list.srcToken as CST.BlockSequence | CST.FlowCollection | undefined;
  const tokens = (token?.items ?? []).filter((item) => token?.type !== "block-seq" || slotOf(item) !== null);
  return list.items.map((node, at) => {
    const item = tokens[at];
    const start = item && firstToken(item);
    if (!isNode(node) || start === undefined || start === null) return null;
    const slot = slotOf(item);
    const end = contentEnd(source, node, slot ?? start);
    return end === null ? null : { key: null, keyNode: null, node, start, end, slot };
  });
}

function slotOf(item: CST.CollectionItem | undefined): number | null {
  return slotAfter(item?.start, "seq-item-ind");
}

const layoutTokens = new Set(["space", "newline", "comment", "comma"]);

/** Offset where an entry begins, or null of an empty one. */
function firstToken(item: CST.CollectionItem): number | null {
  const lead = item.start.find((token) => !layoutTokens.has(token.type));
  return (lead ?? item.key ?? item.sep?.find((token) => !layoutTokens.has(token.type)) ?? item.value)?.offset ?? null;
}

/** Behind the indicator and the anchor and tag that follow it. */
function slotAfter(tokens: readonly CST.SourceToken[] | undefined, indicator: string): number | null {
  const at = tokens?.findIndex((token) => token.type === indicator) ?? -1;
  if (at < 0) return null;
  const last = tokens?.findLast((token) => token.type === indicator || token.type === "anchor" || token.type === "tag");
  return last === undefined ? null : last.offset + last.source.length;
}

/** Behind the last character of a value; of one that is not written, `slot`. */
export function contentEnd(source: Source, node: Node, slot: number): number | null {
  if (!node.range) return null;
  if (isMissing(node)) return slot;
  if (isBlockScalar(node)) return blockScalarEnd(source.text, node);
  if (isAlias(node) || isScalar(node) || !isBlock(node)) return node.range[1];
  return entriesOf(source, node)?.at(-1)?.end ?? null;
}

/** A null that is nothing but an empty place. */
export function isMissing(node: Node): boolean {
  return isScalar(node) && node.range !== undefined && node.range !== null && node.range[0] === node.range[1];
}

/** A map or list in block style. */
export function isBlock(node: Node | null): node is Collection {
  return (isMap(node) || isSeq(node)) && !node.flow;
}

/** `[a: 1]` holds a map that has no braces. */
export function hasBraces(node: Collection): boolean {
  return node.srcToken?.type === "flow-collection";
}

/** A scalar after `|` or `>`. */
export function isBlockScalar(node: Node | null): boolean {
  return isScalar(node) && node.srcToken?.type === "block-scalar";
}

/** Trailing blank lines belong to a block scalar only where its header says to keep them. */
function blockScalarEnd(text: string, node: Node): number {
  const [start, end] = node.range ?? [0, 0];
  if (keepsBlankLines(text, node)) return text[end - 1] === "\n" ? (previousLineEnd(text, end) ?? end) : end;
  return start + text.slice(start, end).replace(/[ \t\r\n]+$/, "").length;
}

/** `|+`: blank lines below are text. */
export function keepsBlankLines(text: string, scalar: Node | null): boolean {
  return /^[|>][0-9]*\+/.test(text.slice(...(scalar?.range ?? [0, 0])));
}

/** Columns that the text of a block scalar between two offsets stands right; null where it has no line of its own. */
export function bodyColumn(text: string, start: number, end: number): number | null {
  return /\n( *)[^ \r\n]/.exec(text.slice(start, end))?.[1]?.length ?? null;
}

/** The last value inside a value, as the text has it. */
export function lastLeaf(node: Node | null): Node | null {
  if (!isBlock(node)) return node;
  const last = node.items.at(-1);
  if (isNode(last)) return lastLeaf(last);
  const value = (last as Pair | undefined)?.value;
  return isNode(value) ? lastLeaf(value) : null;
}
