import { afterEach, describe, expect, test } from "bun:test";
import { CallerGone, DeadlineExceeded, Overloaded, type LoadedModel } from "../../../../gateway/core/ports.ts";
import type { Tensor } from "../../../../schemas/tensor.ts";
import { spawnWorker } from "../../../../gateway/edges/onnx/channel.ts";
import type { ToWorker } from "../../../../gateway/edges/onnx/messages.ts";
import { createOnnxRuntime, type OnnxRuntimeOptions } from "../../../../gateway/edges/onnx/runtime.ts";
import { slowModel } from "../../../support/models.ts";
import { modelVersion } from "../../../support/versions.ts";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()));
});

/** A model that takes some milliseconds, and so waits in a worker. */
async function load(rounds: number | "first-feature", options: OnnxRuntimeOptions) {
  const runtime = createOnnxRuntime(options);
  closers.push(() => runtime.close());
  const bytes = slowModel({ rounds, each: 1000 });
  return runtime.load(modelVersion(bytes), bytes, { intraOpThreads: 1 });
}

const row = (): Tensor[] => [{ name: "input", datatype: "FP32", shape: [1, 3], data: new Float32Array([0, 1, 0]) }];

function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => null,
    (error: unknown) => error,
  );
}

test("the queue of a worker is bounded", async () => {
  const model = await load(200, { queueLimit: 2 });
  const outcomes = await Promise.allSettled([1, 2, 3, 4].map(() => model.infer(row())));
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "fulfilled", "rejected"]);
  expect((outcomes[3] as PromiseRejectedResult).reason).toBeInstanceOf(Overloaded);
});

/** Starts workers, and counts what they are asked to calculate. */
function countingSpawn() {
  const counts = { calls: 0 };
  const spawn = (): Worker => {
    const worker = spawnWorker();
    const post = worker.postMessage.bind(worker);
    const postMessage = (message: ToWorker, transfer: ArrayBuffer[]): void => {
      if (message.kind === "infer") counts.calls++;
      post(message, transfer);
    };
    return Object.assign(worker, { postMessage });
  };
  return { spawn, counts };
}

async function label(model: LoadedModel): Promise<unknown> {
  return (await model.infer(row()))[0]?.data[0];
}

test("who has given up is not calculated for, and makes room in the queue", async () => {
  const { spawn, counts } = countingSpawn();
  const model = await load(1000, { spawn, queueLimit: 3 });
  const running = label(model);
  const impatient = [1, 2, 3].map(() => errorOf(model.infer(row(), 0.01)));
  const patient = label(model);
  expect(await Promise.all(impatient)).toEqual(Array(3).fill(expect.any(DeadlineExceeded)));
  expect(await Promise.all([running, patient])).toEqual([1n, 1n]);
  expect(counts.calls).toBe(2);
});

test("who has gone while waiting is not calculated for, and makes room at once; who runs is not interrupted", async () => {
  const { spawn, counts } = countingSpawn();
  const model = await load(1000, { spawn, queueLimit: 2 });
  const leaving = new AbortController();
  const infer = () => model.infer(row(), Infinity, () => leaving.signal);
  const running = infer();
  const waiting = [errorOf(infer()), errorOf(infer())];
  expect(await errorOf(infer())).toBeInstanceOf(Overloaded);
  leaving.abort();
  expect(await Promise.all(waiting)).toEqual(Array(2).fill(expect.any(CallerGone)));
  const patient = label(model);
  expect(await errorOf(infer())).toBeInstanceOf(CallerGone);
  expect([(await running)[0]?.data[0], await patient]).toEqual([1n, 1n]);
  expect(counts.calls).toBe(2);
});

describe("a call that does not end", () => {
  /** Takes seconds, about; zeros are answered at once. */
  const stuck = (seconds = 1): Tensor[] => [{ ...row()[0], data: new Float32Array([20 * seconds, 0, 0]) } as Tensor];
  const fraction = { queueLimit: 8, patienceMs: 100 };

  test("is given up: the model is loaded again for the others, and the log is told", async () => {
    const told: string[] = [];
    const onGivenUp = (...args: unknown[]): void => void told.push(args.join(" "));
    const model = await load("first-feature", { ...fraction, onGivenUp });
    expect(model.place).toBe("worker");
    const failed = errorOf(model.infer(stuck(), Infinity, undefined, 10));
    const next = label(model);
    expect(String(await failed)).toBe("InferenceError: a call did not end within 0.1 s");
    expect(await next).toBe(1n);
    expect(told).toEqual(["fraud 1 a call did not end within 0.1 s"]);
    expect(model.broken?.()).toBeNull();
  });

  test("twice leaves the model broken until one of them ends: threads must not grow in number", async () => {
    const model = await load("first-feature", fraction);
    const calls = [5, 1].map((seconds) => errorOf(model.infer(stuck(seconds), Infinity, undefined, 10)));
    const third = errorOf(model.infer(row()));
    await Promise.all(calls);
    const why = "a call did not end within 0.1 s; 2 such calls still calculate";
    expect(String(await third)).toBe(`InferenceError: ${why}`);
    expect(model.broken?.()).toBe(why);
    while (model.broken?.() !== null) await Bun.sleep(20);
    expect(await label(model)).toBe(1n);
  }, 30_000);

  test("does not keep the model from being closed", async () => {
    const model = await load("first-feature", fraction);
    const failed = errorOf(model.infer(stuck(), Infinity, undefined, 10));
    await model.close();
    expect(String(await failed)).toContain("did not end");
  });

  test("is waited for as long as a caller of the model may wait", async () => {
    const model = await load("first-feature", fraction);
    expect((await model.infer(stuck(), 50, undefined, 60_000))[0]?.shape).toEqual([1]);
  });
});
