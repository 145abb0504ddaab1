import { expect, setDefaultTimeout, test } from "bun:test";
import { seededRandom } from "../support/random.ts";
import { openPlayground } from "./history.ts";
import { shrink } from "./shrink.ts";
import { stepsOf } from "./steps.ts";

setDefaultTimeout(180_000);

const first = 20261121;

test("a hundred histories of commands, alerts and people break no rule and lose nobody's work", async () => {
  await using playground = await openPlayground();
  for (let seed = first; seed < first + 100; seed++) {
    try {
      await playground.play(seed);
    } catch (error) {
      throw new Error(`bun run fuzz --seed ${seed}: ${String(error)}`, { cause: error });
    }
  }
  // They did not pass by doing nothing.
  const ends = [...playground.ends.keys()];
  for (const end of ["deploy published", "promote published", "promote-to published", "register published"]) {
    expect(ends).toContain(end);
  }
  for (const end of ["rollback published", "rollback-commit committed", "alert committed", "alert waiting"]) {
    expect(ends).toContain(end);
  }
});

test("the same seed is the same history, call by call", async () => {
  const seen: unknown[] = [];
  for (let time = 0; time < 2; time++) {
    await using playground = await openPlayground();
    for (const seed of [4, 7]) await playground.play(seed);
    seen.push([...playground.operations()], [...playground.ends]);
  }
  expect(seen.slice(2)).toEqual(seen.slice(0, 2));
  expect(stepsOf(seededRandom(4))).not.toEqual(stepsOf(seededRandom(7)));
});

test("a failing history is cut down to the steps that it takes", async () => {
  const fails = (places: readonly number[]) => Promise.resolve(places.includes(2) && places.includes(5));
  expect(await shrink(9, fails)).toEqual([2, 5]);
});
