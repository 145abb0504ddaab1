import { expect, setDefaultTimeout, test } from "bun:test";
import { seededRandom } from "../support/random.ts";
import { openPlayground } from "./history.ts";
import { failureAlone, playAll } from "./play.ts";
import { shrink } from "./shrink.ts";
import { stepsOf } from "./steps.ts";

setDefaultTimeout(180_000);

const first = 20261121;

test("a hundred histories of commands, alerts and people break no rule and lose nobody's work", async () => {
  const seeds = Array.from({ length: 100 }, (_, at) => first + at);
  const ends = new Set<string>();
  const failures: string[] = [];
  await playAll(
    () => seeds.shift() ?? null,
    ({ seed, error }) => {
      if (error !== null) failures.push(`bun run fuzz --seed ${seed}: ${Bun.inspect(error)}`);
    },
    (how) => void ends.add(how),
  );
  expect(failures).toEqual([]);
  // They did not pass by doing nothing.
  for (const end of ["deploy published", "promote published", "promote-to published", "register published"]) {
    expect(ends).toContain(end);
  }
  for (const end of ["promote-all published", "promote-all-to published", "promote pushed", "again pushed"]) {
    expect(ends).toContain(end);
  }
  for (const end of ["rollback published", "rollback-commit committed", "alert committed", "alert waiting"]) {
    expect(ends).toContain(end);
  }
});

test("the same seed is the same history, call by call", async () => {
  const play = async () => {
    const ends: string[] = [];
    await using playground = await openPlayground((how) => void ends.push(how));
    for (const seed of [4, 7, 20]) await playground.play(seed);
    return [playground.operations(), ends];
  };
  expect(await play()).toEqual(await play());
  expect(stepsOf(seededRandom(4))).not.toEqual(stepsOf(seededRandom(7)));
});

test("a history can be played again by itself, and what is wrong with it is found again", async () => {
  expect(await failureAlone(6)).toBeNull();
  const planted = (how: string) => {
    throw new Error(`planted where ${how}`);
  };
  expect(await failureAlone(6, undefined, planted)).toMatchObject({
    message: expect.stringContaining("planted where"),
  });
});

test("a failing history is cut down to the steps that it takes", async () => {
  const fails = (places: readonly number[]) => Promise.resolve(places.includes(2) && places.includes(5));
  expect(await shrink(9, fails)).toEqual([2, 5]);
});
