import type { ModelVersion } from "../../../schemas/model-version.ts";
import { fills, firstAnswer, probeInputs } from "../../../schemas/probe.ts";
import type { Tensor, TensorData } from "../../../schemas/tensor.ts";
import { batchOf, splitBatch } from "./batch.ts";
import type { SessionOptions, Trial } from "./messages.ts";
import { openSession, type Session } from "./session.ts";

/** Above these a model stays in its worker. */
export const inlineLimits = { callMs: 1, loadMs: 20 } as const;

const calls = 5;

/**
 * Opens a model and calls it: with made-up rows until it answers, then `calls` times. Throws where it cannot be opened or answers no made-up row.
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
    const { probe } = await firstAnswer(spec, (inputs) => session.run(inputs));
    const row = probeInputs(spec, probe);
    const times: number[] = [];
    for (let call = 0; call < calls; call++) times.push((await timed(() => session.run(row))).ms);
    const callMs = times.toSorted((a, b) => a - b)[Math.floor(calls / 2)] ?? 0;
    let loadMs = opened.ms;
    if (callMs <= inlineLimits.callMs && loadMs > inlineLimits.loadMs) {
      const again = await timed(() => openSession(spec, bytes, options));
      await again.value.release();
      loadMs = Math.min(loadMs, again.ms);
    }
    return { session, trial: { loadMs, callMs, batches: await answersRowByRow(spec, session, probe.free) } };
  } catch (error) {
    await session.release();
    throw error;
  }
}

/**
 * True where two rows in one batch get the answers that each gets alone: a model with a dynamic first dimension may still
 * look across its rows (a mean, a softmax over the wrong axis), and then rows of different callers must not meet.
 */
async function answersRowByRow(spec: ModelVersion["spec"], session: Session, free: number): Promise<boolean> {
  const { inputs, outputs } = spec.signature;
  if (![...inputs, ...outputs].every(({ shape }) => shape[0] === -1)) return false;
  const rows: (readonly Tensor[])[] = [];
  const alone: (readonly Tensor[])[] = [];
  for (const fill of fills) {
    const row = probeInputs(spec, { fill, free });
    const answer = await session.run(row).catch(() => null);
    if (answer === null) continue;
    rows.push(row);
    alone.push(answer);
  }
  // Equal rows would hide a look across them.
  if (rows.length < 2) return false;
  try {
    const answers = await session.run(batchOf(rows));
    const together = splitBatch(
      answers,
      rows.map(() => 1),
    );
    return together !== null && together.every((outputs, row) => same(outputs, alone[row] ?? []));
  } catch {
    return false;
  }
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
