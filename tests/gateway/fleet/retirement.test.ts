import { expect, test } from "bun:test";
import { createRetirement } from "../../../gateway/fleet/retirement.ts";
import { loadedOf } from "../../support/fleet.ts";

test("a version that cannot be freed is told, and holds up no other", async () => {
  const told: unknown[] = [];
  const bothTried = Promise.withResolvers<void>();
  const closed: number[] = [];
  const retirement = createRetirement((error) => void told.push(error));
  const stuck = { ...loadedOf(1), close: () => Promise.reject(new Error("it will not go")) };
  const good = { ...loadedOf(2), close: async () => (closed.push(2), bothTried.resolve()) };
  retirement.add([stuck, good], 0);
  await bothTried.promise;
  retirement.add([{ ...stuck }], 60_000);
  await retirement.close();
  expect(closed).toEqual([2]);
  expect(told).toEqual([new Error("it will not go"), new Error("it will not go")]);
});
