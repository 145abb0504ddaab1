import { expect, test } from "bun:test";
import { createFaultLog } from "../../gateway/fault-log.ts";
import { createManualClock } from "../support/manual-clock.ts";

test("the first failure of a version is told at once, the next ones together after a while", async () => {
  const clock = createManualClock();
  const told: unknown[] = [];
  const note = createFaultLog(
    (_level, _message, details) => void told.push(details),
    clock,
    () => true,
  );
  const error = new Error("Gather out of data bounds");
  for (let failed = 0; failed < 5; failed++) note("fraud", 2, error);
  note("fraud", 3, error);
  expect(told).toEqual([
    { model: "fraud", version: 2, error, untold: 0 },
    { model: "fraud", version: 3, error, untold: 0 },
  ]);
  await clock.advance(10_000);
  note("fraud", 2, error);
  expect(told.at(-1)).toEqual({ model: "fraud", version: 2, error, untold: 4 });
});

test("nothing is remembered of a version that is served no more", () => {
  const told: unknown[] = [];
  const log = (_level: string, _message: string, details?: unknown): void => void told.push(details);
  const note = createFaultLog(log, createManualClock(), (_model, version) => version !== 1);
  const error = new Error("Gather out of data bounds");
  for (const version of [1, 1, 2, 1]) note("fraud", version, error);
  expect(told).toEqual([1, 2, 1].map((version) => ({ model: "fraud", version, error, untold: 0 })));
});
