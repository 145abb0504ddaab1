import { expect, test } from "bun:test";
import { oneAfterAnother } from "../../../gateway/fleet/turns.ts";

const messageOf = (error: unknown): string => (error as Error).message;

test("a run that fails lets the next one run, and whoever waited for that one hears of its own", async () => {
  const first = Promise.withResolvers<void>();
  let runs = 0;
  const turns = oneAfterAnother(() => (++runs === 1 ? first.promise : Promise.resolve()));
  const failing = turns.take().catch(messageOf);
  const waiting = turns.take();
  first.reject(new Error("the first one failed"));
  expect(await failing).toBe("the first one failed");
  await waiting;
  await turns.take();
  expect(runs).toBe(3);
});

test("stop waits for a run that fails, without failing itself", async () => {
  const only = Promise.withResolvers<void>();
  let runs = 0;
  const turns = oneAfterAnother(() => (runs++, only.promise));
  const failing = turns.take().catch(messageOf);
  const stopped = turns.stop();
  only.reject(new Error("failed"));
  expect(await failing).toBe("failed");
  await stopped;
  await turns.take();
  expect(runs).toBe(1);
});
