import { fieldsOf, numberOf, numbersOf, spanOf, textOf, WireError, type Field, type Span } from "./wire.ts";

/** A tensor in a model file: weights, or a constant. Its values are not read. */
export interface StoredTensor {
  readonly name: string;
  /** Numbers that it holds. */
  readonly elements: number;
  /** Where its values are, where that is another file; null: in this one. */
  readonly external: ExternalPlace | null;
}

export interface ExternalPlace {
  /** Path beside the model, as the file says it. */
  readonly location: string;
  readonly offset: number;
  /** Bytes. */
  readonly length: number;
}

/** Field numbers of onnx.proto3. */
const graph = { node: 1, initializer: 5, sparse: 15 };
const node = { attribute: 5 };
const attribute = { tensor: 5, graph: 6, tensors: 10, graphs: 11, sparse: 22, sparses: 23 };
const sparse = { values: 1, indices: 2 };
const tensor = { dims: 1, type: 2, name: 8, external: 13, location: 14 };
const entry = { key: 1, value: 2 };

/** Bits of an element, by TensorProto.DataType; strings cannot be in another file. */
const bits: Readonly<Record<number, number>> = {
  1: 32, 2: 8, 3: 8, 4: 16, 5: 16, 6: 32, 7: 64, 9: 8, 10: 16, 11: 64, 12: 32, 13: 64, 14: 64, 15: 128, 16: 16, 17: 8,
  18: 8, 19: 8, 20: 8, 21: 4, 22: 4, 23: 4, 24: 8,
}; // prettier-ignore

/** Graphs in graphs: loops in loops. Nobody's model is deeper than a few. */
const maxDepth = 32;

/** The tensors of a graph, and of those inside its nodes. `isWeight`: of a graph's own, as opposed to a node's constant. */
export function* tensorsOfGraph(span: Span, depth = 0): Generator<StoredTensor & { readonly isWeight: boolean }, void> {
  if (depth > maxDepth) throw new WireError("foreign");
  for (const field of fieldsOf(span)) {
    if (field.number === graph.initializer) yield { ...tensorOf(spanOf(field)), isWeight: true };
    else if (field.number === graph.sparse) yield* sparseOf(spanOf(field), true);
    else if (field.number === graph.node) yield* tensorsOfNode(spanOf(field), depth);
  }
}

/** Those in a node's attributes. */
export function* tensorsOfNode(span: Span, depth = 0): Generator<StoredTensor & { readonly isWeight: boolean }, void> {
  for (const field of fieldsOf(span)) {
    if (field.number !== node.attribute) continue;
    for (const part of fieldsOf(spanOf(field))) {
      if (part.number === attribute.tensor || part.number === attribute.tensors) {
        yield { ...tensorOf(spanOf(part)), isWeight: false };
      } else if (part.number === attribute.graph || part.number === attribute.graphs) {
        yield* tensorsOfGraph(spanOf(part), depth + 1);
      } else if (part.number === attribute.sparse || part.number === attribute.sparses) {
        yield* sparseOf(spanOf(part), false);
      }
    }
  }
}

function* sparseOf(span: Span, isWeight: boolean): Generator<StoredTensor & { readonly isWeight: boolean }, void> {
  for (const field of fieldsOf(span)) {
    if (field.number === sparse.values) yield { ...tensorOf(spanOf(field)), isWeight };
    if (field.number === sparse.indices) yield { ...tensorOf(spanOf(field)), isWeight: false };
  }
}

function tensorOf(span: Span): StoredTensor {
  const dims: number[] = [];
  const entries: Field[] = [];
  let type = 0;
  let name = "";
  let isElsewhere = false;
  for (const field of fieldsOf(span)) {
    if (field.number === tensor.dims) dims.push(...numbersOf(field));
    else if (field.number === tensor.type) type = numberOf(field);
    else if (field.number === tensor.name) name = textOf(field);
    else if (field.number === tensor.external) entries.push(field);
    else if (field.number === tensor.location) isElsewhere = numberOf(field) === 1;
  }
  const elements = dims.reduce((product, size) => product * size, 1);
  const bytes = Math.ceil((elements * (bits[type] ?? 0)) / 8);
  return { name, elements, external: isElsewhere || entries.length > 0 ? placeOf(entries, bytes) : null };
}

function placeOf(entries: readonly Field[], bytes: number): ExternalPlace {
  const said = new Map<string, string>();
  for (const field of entries) {
    const parts = [...fieldsOf(spanOf(field))];
    const [key, value] = [entry.key, entry.value].map((number) => parts.find((part) => part.number === number));
    said.set(key === undefined ? "" : textOf(key), value === undefined ? "" : textOf(value));
  }
  return {
    location: said.get("location") ?? "",
    offset: wholeNumber(said.get("offset")) ?? 0,
    length: wholeNumber(said.get("length")) ?? bytes,
  };
}

function wholeNumber(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;
}
