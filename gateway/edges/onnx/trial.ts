import type { ModelVersion } from "../../../schemas/model-version.ts";
import { fills, firstAnswer, probeInputs } from "../../../schemas/probe.ts";
import type { Tensor, TensorData } from "../../../schemas/tensor.ts";
import { batchOf, elementsOf, splitBatch } from "./batch.ts";
import type { SessionOptions } from "../../core/ports.ts";
import type { Trial } from "./messages.ts";
import { openSession, type Session } from "./session.ts";

/** Above these a model stays in its worker. */
export const inlineLimits = { callMs: 1, loadMs: 20 } as const;

/** What a call on the event loop may bring is bounded, so that it holds up others no longer than this. */
const batchMs = 2;
const maxBatchRows = 256;

const calls = 5;

/**
 * Opens a model and calls it with made-up rows. Throws where it cannot be opened or answers none of them. A slow load of a
 * fast model is measured once more, because the first one in a process also starts onnxruntime.
 */
export async function tryModel(
  spec: ModelVersion["spec"],
  file: Uint8Array | string,
  options: SessionOptions,
): Promise<{ readonly session: Session; readonly trial: Trial }> {
  const opened = await timed(() => openSession(spec, file, options));
  const session = opened.value;
  try {
    const rows = await answeredRows(spec, session);
    const [slowest] = rows.toSorted((a, b) => b.ms - a.ms);
    if (slowest === undefined) throw new Error("the model answers no made-up row twice");
    const fast = slowest.ms <= inlineLimits.callMs;
    let loadMs = opened.ms;
    if (fast && loadMs > inlineLimits.loadMs) {
      const again = await timed(() => openSession(spec, file, options));
      await again.value.release();
      loadMs = Math.min(loadMs, again.ms);
    }
    const maxElements = elementsOf(slowest.inputs) * (fast ? await rowsInTime(spec, session, slowest.inputs) : 1);
    const batches = await answersRowByRow(spec, session, rows);
    return { session, trial: { loadMs, callMs: slowest.ms, maxElements, batches } };
  } catch (error) {
    await session.release();
    throw error;
  }
}

/** A made-up row, what the model answers, and in how many milliseconds. */
interface AnsweredRow {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly ms: number;
}

/** A model may take longer for some numbers than for others: each kind of row that it answers is timed. */
async function answeredRows(spec: ModelVersion["spec"], session: Session): Promise<readonly AnsweredRow[]> {
  const probed = { ...spec, dimensions: session.dimensions };
  const { probe } = await firstAnswer(probed, (inputs) => session.run(inputs));
  const rows: AnsweredRow[] = [];
  for (const fill of fills) {
    const inputs = probeInputs(probed, { ...probe, fill });
    const outputs = await session.run(inputs).catch(() => null);
    if (outputs !== null) rows.push({ inputs, outputs, ms: await callMs(session, inputs) });
  }
  return rows;
}

/**
 * The quickest of a few calls, because whatever else the machine does only adds to it; of two where both are slow, which is all
 * that its place depends on.
 */
async function callMs(session: Session, inputs: readonly Tensor[]): Promise<number> {
  let quickest = Infinity;
  for (let call = 1; call <= calls; call++) {
    const { ms } = await timed(() => session.run(inputs));
    quickest = Math.min(quickest, ms);
    if (call > 1 && quickest > 20 * inlineLimits.callMs) break;
  }
  return quickest;
}

/** How many such rows a call takes in the time that it may hold the event loop. */
async function rowsInTime(spec: ModelVersion["spec"], session: Session, row: readonly Tensor[]): Promise<number> {
  if (spec.signature.inputs.some(({ shape }) => shape[0] !== -1)) return 1;
  let rows = 1;
  while (rows < maxBatchRows) {
    const batch = batchOf(Array.from({ length: 2 * rows }, () => row));
    const ms = await callMs(session, batch).catch(() => Infinity);
    if (ms > batchMs) break;
    rows *= 2;
  }
  return rows;
}

/**
 * True where rows in one batch get the answers that each gets alone: a model with a dynamic first dimension may still look
 * across its rows (a mean, a softmax over the wrong axis), and then rows of different callers must not meet.
 */
async function answersRowByRow(
  spec: ModelVersion["spec"],
  session: Session,
  rows: readonly AnsweredRow[],
): Promise<boolean> {
  const { inputs, outputs } = spec.signature;
  if (![...inputs, ...outputs].every(({ shape }) => shape[0] === -1)) return false;
  // Equal rows would hide a look across them.
  if (rows.length < 2) return false;
  try {
    const batch = batchOf(rows.map((row) => row.inputs));
    const together = splitBatch(
      await session.run(batch),
      rows.map(() => 1),
    );
    return together !== null && together.every((outputs, at) => same(outputs, rows[at]?.outputs ?? []));
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
