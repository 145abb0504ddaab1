import { expect, test } from "bun:test";
import { createSeries } from "../../../../gateway/core/metrics/series.ts";

function counted(limit: number, live: ReadonlySet<string> = new Set()) {
  const series = createSeries({
    make: () => ({ count: 0 }),
    limit,
    isLive: (model, number) => live.has(`${model} ${number}`),
  });
  const count = (model: string, number: number, word = "stable"): void => void series.of(model, number, word).count++;
  const shown = (): Record<string, number> =>
    Object.fromEntries(
      series.entries().map(([{ model, number, word }, cell]) => [`${model} ${number} ${word}`, cell.count]),
    );
  return { count, shown };
}

test("labels have a cell of their own, in the order in which they came", () => {
  const { count, shown } = counted(10);
  for (const version of [2, 1, 2]) count("fraud", version);
  count("fraud", 2, "canary");
  expect(shown()).toEqual({ "fraud 2 stable": 2, "fraud 1 stable": 1, "fraud 2 canary": 1 });
});

test("above the limit, all that is new shares one cell a word, and what was there goes on", () => {
  const { count, shown } = counted(2, new Set(["fraud 1", "fraud 2", "fraud 3", "fraud 4"]));
  for (const version of [1, 2, 3, 4, 3, 1]) count("fraud", version);
  count("fraud", 3, "canary");
  expect(shown()).toEqual({
    "fraud 1 stable": 2,
    "fraud 2 stable": 1,
    "_other null stable": 3,
    "_other null canary": 1,
  });
});

test("what is served no more makes room for what comes", () => {
  const live = new Set(["fraud 1", "fraud 2"]);
  const { count, shown } = counted(2, live);
  for (const version of [1, 2]) count("fraud", version);
  live.delete("fraud 1").valueOf();
  live.add("fraud 3");
  count("fraud", 3);
  expect(shown()).toEqual({ "fraud 2 stable": 1, "fraud 3 stable": 1 });
});

test("what had to share a cell gets its own once there is room", () => {
  const live = new Set(["fraud 1", "fraud 2", "fraud 3", "fraud 4"]);
  const { count, shown } = counted(2, live);
  for (const version of [1, 2, 3]) count("fraud", version);
  live.delete("fraud 1");
  live.delete("fraud 2");
  count("fraud", 4);
  count("fraud", 3);
  expect(shown()).toEqual({ "_other null stable": 1, "fraud 4 stable": 1, "fraud 3 stable": 1 });
});

test("a version that is served in one phase keeps its count there while another phase of it shares", () => {
  const live = new Set(["fraud 1", "fraud 2", "fraud 3"]);
  const { count, shown } = counted(2, live);
  count("fraud", 1);
  count("fraud", 2);
  count("fraud", 2, "canary");
  live.delete("fraud 1");
  count("fraud", 3);
  count("fraud", 2);
  expect(shown()).toEqual({ "_other null canary": 1, "fraud 2 stable": 2, "fraud 3 stable": 1 });
});
