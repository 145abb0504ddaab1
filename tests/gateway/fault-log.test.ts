import { expect, test } from "bun:test";
import { createFaultLog } from "../../gateway/fault-log.ts";
import { createManualClock } from "../support/manual-clock.ts";

test("the first failure of a version is told at once, the next ones together after a while", async () => {
  const clock = createManualClock();
  const told: unknown[] = [];
  const note = createFaultLog((_level, _message, details) => void told.push(details), clock);
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
