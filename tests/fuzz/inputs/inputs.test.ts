import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { burstOf, startInputGateway, type InputGateway } from "./bursts.ts";
import { describeCase } from "./tell.ts";

setDefaultTimeout(60_000);

const first = 20261121;

let gateway: InputGateway;
const statuses = new Set<number>();
beforeAll(async () => {
  gateway = await startInputGateway((status) => void statuses.add(status));
});
afterAll(() => gateway[Symbol.asyncDispose]());

test("thousands of requests, right and wrong ones at once, are answered as they should be, each with its own numbers", async () => {
  const failures: string[] = [];
  for (let seed = first; seed < first + 150; seed += 3) {
    const seeds = [seed, seed + 1, seed + 2];
    await Promise.all(
      seeds.map(async (one) => {
        for (const failure of await gateway.play(burstOf(one))) {
          failures.push(`bun run fuzz --only inputs --seed ${one}: ${failure.what}\n${describeCase(failure.case)}`);
        }
      }),
    );
  }
  expect(failures).toEqual([]);
  expect(await gateway.complaints()).toEqual([]);
  // They did not pass by asking for nothing, or by all being refused at the door.
  expect([...statuses]).toEqual(expect.arrayContaining([200, 400, 404, 405]));
});

test("the same seed is the same burst", () => {
  const told = (seed: number) => burstOf(seed).map(describeCase);
  expect(told(7)).toEqual(told(7));
  expect(told(7)).not.toEqual(told(8));
});

test("an answer with a neighbour's numbers is found", async () => {
  const burst = Array.from({ length: 40 }, (_, at) => burstOf(first + at)).flat();
  const [one, other] = burst.filter(({ kind, leavesAfterMs }) => kind === "predict sum" && leavesAfterMs === null);
  const swapped = { ...one!, message: other!.message };
  expect(await gateway.play([one!, other!, swapped])).toMatchObject([
    { place: 2, what: expect.stringMatching(/^sum is /) },
  ]);
});
