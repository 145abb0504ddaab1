import { InferenceError } from "../../core/ports.ts";
import type { Tensor, TensorData } from "../../../schemas/tensor.ts";

/** Runs tensors of one caller, or of several in one batch. */
export type Run = (inputs: readonly Tensor[]) => Promise<readonly Tensor[]>;

interface Waiting {
  readonly inputs: readonly Tensor[];
  /** null where it cannot share a batch. */
  readonly shape: { readonly key: string; readonly rows: number; readonly elements: number } | null;
  readonly resolve: (outputs: readonly Tensor[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Runs requests that arrive in one turn of the event loop as one batch, where their shapes but for the first dimension are
 * the same. No timer: a lone request waits for nothing but the end of the turn. A batch that fails is halved until the bad row
 * is alone, so that it does not fail its neighbours.
 */
export function createBatcher(run: Run, limits: { readonly maxElements: number }): Run {
  let queue: Waiting[] = [];
  function flush(): void {
    const turn = queue;
    queue = [];
    for (const group of grouped(turn, limits.maxElements)) void runGroup(run, group);
  }
  return (inputs) =>
    new Promise((resolve, reject) => {
      if (queue.length === 0) setImmediate(flush);
      queue.push({ inputs, shape: shapeOf(inputs), resolve, reject });
    });
}

/** Requests of one row shape as one, one after another. */
export function batchOf(requests: readonly (readonly Tensor[])[]): readonly Tensor[] {
  return (requests[0] ?? []).map((first, at) => {
    const parts = requests.map((request) => request[at] ?? first);
    const rows = parts.reduce((sum, part) => sum + (part.shape[0] ?? 0), 0);
    return { ...first, shape: [rows, ...first.shape.slice(1)], data: concat(parts.map(({ data }) => data)) };
  });
}

/** The outputs of a batch, or its inputs, cut into those of its requests; null where one has not a row for each row. */
export function splitBatch(tensors: readonly Tensor[], rows: readonly number[]): readonly (readonly Tensor[])[] | null {
  const total = rows.reduce((sum, count) => sum + count, 0);
  if (tensors.some(({ shape }) => shape[0] !== total)) return null;
  let start = 0;
  return rows.map((count) => {
    const end = start + count;
    const part = tensors.map((tensor) => {
      const size = tensor.data.length / total;
      const data = Array.isArray(tensor.data)
        ? tensor.data.slice(start * size, end * size)
        : (tensor.data as Exclude<TensorData, readonly string[]>).subarray(start * size, end * size);
      return { ...tensor, shape: [count, ...tensor.shape.slice(1)], data };
    });
    start = end;
    return part;
  });
}

/** Of all tensors together. */
export function elementsOf(tensors: readonly Tensor[]): number {
  let elements = 0;
  for (const { data } of tensors) elements += data.length;
  return elements;
}

function shapeOf(inputs: readonly Tensor[]): Waiting["shape"] {
  const rows = inputs[0]?.shape[0];
  if (rows === undefined || inputs.some(({ shape }) => shape[0] !== rows)) return null;
  let key = "";
  let elements = 0;
  for (const { shape, data } of inputs) {
    elements += data.length;
    for (let at = 1; at < shape.length; at++) key += `${shape[at] ?? 0},`;
    key += ";";
  }
  return { key, rows, elements };
}

function grouped(turn: readonly Waiting[], maxElements: number): readonly (readonly Waiting[])[] {
  if (turn.length === 1) return [turn];
  const groups: Waiting[][] = [];
  const open = new Map<string, { readonly group: Waiting[]; elements: number }>();
  for (const request of turn) {
    const { shape } = request;
    const current = shape === null ? undefined : open.get(shape.key);
    if (shape !== null && current !== undefined && current.elements + shape.elements <= maxElements) {
      current.group.push(request);
      current.elements += shape.elements;
    } else {
      const group = [request];
      groups.push(group);
      if (shape !== null) open.set(shape.key, { group, elements: shape.elements });
    }
  }
  return groups;
}

async function runGroup(run: Run, group: readonly Waiting[]): Promise<void> {
  const [first, ...others] = group;
  if (first === undefined) return;
  if (others.length === 0) return run(first.inputs).then(first.resolve, first.reject);
  try {
    const outputs = await run(batchOf(group.map(({ inputs }) => inputs)));
    const parts = splitBatch(
      outputs,
      group.map(({ shape }) => shape?.rows ?? 0),
    );
    if (parts === null) throw new InferenceError("the model gave not one row for each row");
    group.forEach(({ resolve }, at) => resolve(parts[at] ?? []));
  } catch {
    const half = Math.ceil(group.length / 2);
    await runGroup(run, group.slice(0, half));
    await runGroup(run, group.slice(half));
  }
}

function concat(parts: readonly TensorData[]): TensorData {
  const [first] = parts;
  if (first === undefined || Array.isArray(first)) return parts.flatMap((part) => part as readonly string[]);
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const all = new (first.constructor as new (length: number) => Float32Array)(length);
  let at = 0;
  for (const part of parts) {
    all.set(part as Float32Array, at);
    at += part.length;
  }
  return all;
}
