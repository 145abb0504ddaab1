import { expect, test } from "bun:test";
import { createBatcher, type LateRun } from "../../../../gateway/edges/onnx/batch.ts";
import type { Tensor } from "../../../../schemas/tensor.ts";

/** One row of so many columns, which says what it is. */
const row = (value: number, columns = 2): Tensor[] => [
  { name: "input", datatype: "FP32", shape: [1, columns], data: new Float32Array(columns).fill(value) },
];

/** The first value of each row. */
function firsts([input]: readonly Tensor[]): readonly Tensor[] {
  const { shape = [], data = [] } = input ?? {};
  const [rows = 0, columns = 0] = shape;
  const values = Float32Array.from({ length: rows }, (_, at) => Number(data[at * columns]));
  return [{ name: "first", datatype: "FP32", shape: [rows], data: values }];
}

const later = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** What ran, by its shapes; `run` gathers as onnxruntime's immediate does. */
function recorded(answer: (inputs: readonly Tensor[]) => readonly Tensor[] = firsts) {
  const ran: (readonly number[] | undefined)[] = [];
  const run: LateRun = async (inputs, gather) => {
    await later();
    const gathered = gather?.() ?? inputs;
    ran.push(gathered[0]?.shape);
    return answer(gathered);
  };
  return { run, ran };
}

async function valuesOf(answers: readonly Promise<readonly Tensor[]>[]): Promise<readonly unknown[]> {
  const settled = await Promise.allSettled(answers);
  return settled.map((one) => (one.status === "fulfilled" ? Number(one.value[0]?.data[0]) : String(one.reason)));
}

test("requests of one turn share the call of the first", async () => {
  const { run, ran } = recorded();
  const infer = createBatcher(run, { maxElements: 100 });
  expect(await valuesOf([1, 2, 3].map((value) => infer(row(value))))).toEqual([1, 2, 3]);
  expect(await valuesOf([infer(row(4))])).toEqual([4]);
  expect(ran).toEqual([
    [3, 2],
    [1, 2],
  ]);
});

test("unlike shapes are kept apart, and none waits for another turn's requests", async () => {
  const { run, ran } = recorded();
  const infer = createBatcher(run, { maxElements: 100 });
  const answers = [row(1), row(2, 5), row(3), row(4, 5), row(5, 3)].map((inputs) => infer(inputs));
  expect(await valuesOf(answers)).toEqual([1, 2, 3, 4, 5]);
  expect(ran.toSorted((a = [], b = []) => (a[1] ?? 0) - (b[1] ?? 0))).toEqual([
    [2, 2],
    [1, 3],
    [2, 5],
  ]);
});

test("a call brings no more elements than it may", async () => {
  const { run, ran } = recorded();
  const infer = createBatcher(run, { maxElements: 4 });
  expect(await valuesOf([1, 2, 3, 4, 5].map((value) => infer(row(value))))).toEqual([1, 2, 3, 4, 5]);
  expect(ran.map((shape) => shape?.[0] ?? 0).toSorted((a, b) => a - b)).toEqual([1, 2, 2]);
});

test("bad rows in a batch fail alone, each by its own failure", async () => {
  const { run } = recorded((inputs) => {
    const bad = firsts(inputs)[0]?.data.find((value) => Number(value) < 0);
    if (bad !== undefined) throw new Error(`no ${String(bad)} here`);
    return firsts(inputs);
  });
  const infer = createBatcher(run, { maxElements: 100 });
  const answers = [1, -2, 3, 4, 5, -6, 7].map((value) => infer(row(value)));
  expect(await valuesOf(answers)).toEqual([1, "Error: no -2 here", 3, 4, 5, "Error: no -6 here", 7]);
});

test("an answer without a row for each row is nobody's: all are run again by themselves", async () => {
  const { run } = recorded((inputs) => firsts((inputs[0]?.shape[0] ?? 0) > 1 ? row(0) : inputs));
  const infer = createBatcher(run, { maxElements: 100 });
  expect(await valuesOf([1, 2, 3].map((value) => infer(row(value))))).toEqual([1, 2, 3]);
});

test("a runtime that does not take along what has come since answers everybody all the same", async () => {
  const infer = createBatcher(async (inputs) => (await later(), firsts(inputs)), { maxElements: 100 });
  expect(await valuesOf([1, 2, 3].map((value) => infer(row(value))))).toEqual([1, 2, 3]);
  expect(await valuesOf([infer(row(4))])).toEqual([4]);
});

test("a call that fails before it begins leaves nobody waiting", async () => {
  let calls = 0;
  const infer = createBatcher(
    (inputs) => (++calls === 1 ? Promise.reject(new Error("not now")) : Promise.resolve(firsts(inputs))),
    { maxElements: 100 },
  );
  expect(await valuesOf([1, 2].map((value) => infer(row(value))))).toEqual([1, 2]);
  expect(await valuesOf([infer(row(3))])).toEqual([3]);
});
