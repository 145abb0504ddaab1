import { InferenceError } from "../../core/ports.ts";
import type { Tensor, TensorData } from "../../../schemas/tensor.ts";

/** Runs tensors of one caller, or of several in one batch. */
export type Run = (inputs: readonly Tensor[]) => Promise<readonly Tensor[]>;

/**
 * The same, but what is run in the end is what `gather` gives right before the call; `inputs` are of the same names. `gather`
 * is not called where the call fails before it begins.
 */
export type LateRun = (inputs: readonly Tensor[], gather?: () => readonly Tensor[]) => Promise<readonly Tensor[]>;

interface Waiting {
  readonly inputs: readonly Tensor[];
  /** null where it cannot share a batch. */
  readonly shape: { readonly key: string | number; readonly rows: number; readonly elements: number } | null;
  readonly resolve: (outputs: readonly Tensor[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Runs requests that arrive in one turn of the event loop as one batch, where their shapes but for the first dimension are
 * the same. No timer, and no turn of its own: the call is made when the first request comes, and takes along what has come
 * until it begins, so that a lone request waits no longer than without batches. A batch that fails is halved until the bad
 * row is alone, so that it does not fail its neighbours.
 */
export function createBatcher(run: LateRun, limits: { readonly maxElements: number }): Run {
  let queue: Waiting[] = [];

  /** What has come since the first request of the turn: one group for the call that begins now, a call for each other. */
  function take(): readonly Waiting[] {
    const turn = queue;
    queue = [];
    const [first = [], ...others] = grouped(turn, limits.maxElements);
    for (const group of others) void runGroup(run, group);
    return first;
  }

  function call(first: Waiting): void {
    let group: readonly Waiting[] = [];
    const gather = (): readonly Tensor[] => {
      group = take();
      return group.length === 1 ? first.inputs : batchOf(group.map(({ inputs }) => inputs));
    };
    // Whoever has not been gathered has come in vain so far: a call may fail before it begins.
    const called = (): readonly Waiting[] => (group.length === 0 ? take() : group);
    run(first.inputs, gather).then(
      (outputs) => answerGroup(run, called(), outputs),
      (error: unknown) => failGroup(run, called(), error),
    );
  }

  return (inputs) =>
    new Promise((resolve, reject) => {
      const waiting = { inputs, shape: shapeOf(inputs), resolve, reject };
      queue.push(waiting);
      if (queue.length === 1) call(waiting);
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
  let total = 0;
  for (const count of rows) total += count;
  if (tensors.some(({ shape }) => shape[0] !== total)) return null;
  const parts = rows.map((): Tensor[] => []);
  for (const { name, datatype, shape, data } of tensors) {
    const size = data.length / total;
    const inner = shape.slice(1);
    // Most requests have as many rows as the one before.
    let partShape: readonly number[] = [];
    let start = 0;
    for (let at = 0; at < rows.length; at++) {
      const count = rows[at] ?? 0;
      if (partShape[0] !== count) partShape = [count, ...inner];
      const end = start + count * size;
      parts[at]?.push({ name, datatype, shape: partShape, data: cut(data, start, end) });
      start = end;
    }
  }
  return parts;
}

/** Elements that are copied faster than a view of them is made. */
const few = 256;

function cut(data: TensorData, start: number, end: number): TensorData {
  if (Array.isArray(data) || end - start <= few) return data.slice(start, end);
  return (data as Exclude<TensorData, readonly string[]>).subarray(start, end);
}

/** Of all tensors together. */
export function elementsOf(tensors: readonly Tensor[]): number {
  let elements = 0;
  for (const { data } of tensors) elements += data.length;
  return elements;
}

function shapeOf(inputs: readonly Tensor[]): Waiting["shape"] {
  const [only] = inputs;
  const rows = only?.shape[0];
  if (only === undefined || rows === undefined) return null;
  // Most models: one input, of rows of so many values.
  if (inputs.length === 1 && only.shape.length === 2) {
    return { key: only.shape[1] ?? 0, rows, elements: only.data.length };
  }
  if (inputs.some(({ shape }) => shape[0] !== rows)) return null;
  const key = inputs.map(({ shape }) => shape.slice(1).join(",")).join(";");
  return { key, rows, elements: elementsOf(inputs) };
}

function grouped(turn: readonly Waiting[], maxElements: number): readonly (readonly Waiting[])[] {
  if (turn.length === 1) return [turn];
  const groups: Waiting[][] = [];
  const open = new Map<string | number, { readonly group: Waiting[]; elements: number }>();
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

/** Never rejects: the outcome goes to who waits. */
async function runGroup(run: Run, group: readonly Waiting[]): Promise<void> {
  const [first] = group;
  if (first === undefined) return;
  try {
    const inputs = group.length === 1 ? first.inputs : batchOf(group.map(({ inputs }) => inputs));
    await answerGroup(run, group, await run(inputs));
  } catch (error) {
    await failGroup(run, group, error);
  }
}

function answerGroup(run: Run, group: readonly Waiting[], outputs: readonly Tensor[]): void | Promise<void> {
  const [first] = group;
  if (group.length === 1) return first?.resolve(outputs);
  const parts = splitBatch(
    outputs,
    group.map(({ shape }) => shape?.rows ?? 0),
  );
  if (parts === null) return failGroup(run, group, new InferenceError("the model gave not one row for each row"));
  for (let at = 0; at < group.length; at++) group[at]?.resolve(parts[at] ?? []);
}

/** Who is alone has failed; of several, each half is tried again. */
async function failGroup(run: Run, group: readonly Waiting[], error: unknown): Promise<void> {
  if (group.length <= 1) return group[0]?.reject(error);
  const half = Math.ceil(group.length / 2);
  await runGroup(run, group.slice(0, half));
  await runGroup(run, group.slice(half));
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
