import type { ModelVersion, TensorSpec } from "../../../schemas/model-version.ts";
import { codecOf } from "../../core/values.ts";
import type { Tensor, TensorData } from "../../core/tensor.ts";
import { batchOf, splitBatch } from "./batch.ts";
import type { SessionOptions, Trial } from "./messages.ts";
import { openSession, type Session } from "./session.ts";

/** Above these a model stays in its worker. */
export const inlineLimits = { callMs: 1, loadMs: 20 } as const;

const calls = 5;

/**
 * Opens a model and calls it: once to warm up, then `calls` times. Throws where it cannot be opened or fails on zeros.
 * A slow load of a fast model is measured once more, because the first one in a process also starts onnxruntime.
 */
export async function tryModel(
  spec: ModelVersion["spec"],
  bytes: Uint8Array,
  options: SessionOptions,
): Promise<{ readonly session: Session; readonly trial: Trial }> {
  const opened = await timed(() => openSession(spec, bytes, options));
  const session = opened.value;
  try {
    const zeros = probe(spec, 0);
    await session.run(zeros);
    const times: number[] = [];
    for (let call = 0; call < calls; call++) times.push((await timed(() => session.run(zeros))).ms);
    const callMs = times.toSorted((a, b) => a - b)[Math.floor(calls / 2)] ?? 0;
    let loadMs = opened.ms;
    if (callMs <= inlineLimits.callMs && loadMs > inlineLimits.loadMs) {
      const again = await timed(() => openSession(spec, bytes, options));
      await again.value.release();
      loadMs = Math.min(loadMs, again.ms);
    }
    return { session, trial: { loadMs, callMs, batches: await answersRowByRow(spec, session) } };
  } catch (error) {
    await session.release();
    throw error;
  }
}

/**
 * True where two rows in one batch get the answers that each gets alone: a model with a dynamic first dimension may still
 * look across its rows (a mean, a softmax over the wrong axis), and then rows of different callers must not meet.
 */
async function answersRowByRow(spec: ModelVersion["spec"], session: Session): Promise<boolean> {
  const { inputs, outputs } = spec.signature;
  if (![...inputs, ...outputs].every(({ shape }) => shape[0] === -1)) return false;
  const rows = [probe(spec, 0), probe(spec, 1)];
  try {
    const alone: (readonly Tensor[])[] = [];
    for (const row of rows) alone.push(await session.run(row));
    const together = splitBatch(await session.run(batchOf(rows)), [1, 1]);
    return together !== null && together.every((outputs, row) => same(outputs, alone[row] ?? []));
  } catch {
    return false;
  }
}

/** One row of zeros (seed 0), or of small numbers that differ from column to column. */
function probe({ signature, featureOrder }: ModelVersion["spec"], seed: 0 | 1): readonly Tensor[] {
  return signature.inputs.map((input, at) => {
    const shape = concrete(input, at === 0 ? (featureOrder?.length ?? 1) : 1);
    const count = shape.reduce((size, dimension) => size * dimension, 1);
    const codec = codecOf(input.datatype);
    if (codec === null) throw new Error(`input "${input.name}" is ${input.datatype}, which onnxruntime does not take`);
    const data = codec.allocate(count);
    for (let element = 0; element < (seed === 0 ? 0 : count); element++) {
      const value = input.datatype.startsWith("FP") ? ((element % 7) + 1) / 8 : 1;
      codec.put(data, element, input.datatype === "BOOL" ? true : input.datatype === "BYTES" ? "a" : value);
    }
    return { name: input.name, datatype: input.datatype, shape, data };
  });
}

/** Open dimensions: one row, as many columns as there are features, one of everything else. */
function concrete({ shape }: TensorSpec, columns: number): readonly number[] {
  return shape.map((size, at) => (size !== -1 ? size : at === 1 && shape.length === 2 ? columns : 1));
}

function same(a: readonly Tensor[], b: readonly Tensor[]): boolean {
  return a.every((tensor, at) => {
    const other = b[at];
    return other !== undefined && tensor.data.length === other.data.length && sameData(tensor.data, other.data);
  });
}

/** Sums may be taken in another order in a batch. */
function sameData(a: TensorData, b: TensorData): boolean {
  for (let at = 0; at < a.length; at++) {
    const [x, y] = [a[at], b[at]];
    if (x === y || (Number.isNaN(x) && Number.isNaN(y))) continue;
    if (typeof x !== "number" || typeof y !== "number") return false;
    if (!(Math.abs(x - y) <= 1e-4 * Math.max(1, Math.abs(x), Math.abs(y)))) return false;
  }
  return true;
}

async function timed<T>(work: () => Promise<T>): Promise<{ readonly value: T; readonly ms: number }> {
  const start = performance.now();
  const value = await work();
  return { value, ms: performance.now() - start };
}
