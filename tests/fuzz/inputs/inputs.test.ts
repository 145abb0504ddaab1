import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { judgeOf } from "./broken.ts";
import { burstOf, startInputGateway, type InputGateway } from "./bursts.ts";
import { describeCase } from "./tell.ts";
import { wireCases } from "./wire.ts";
import { backends } from "./worlds.ts";

setDefaultTimeout(60_000);

const main = join(import.meta.dir, "../main.ts");

/** Three seeds of ten cases, of which one fails. */
const failingPart = `
  import { playSeeds } from "./seeds.ts";
  const job = { seed: 7, limitMs: 60_000, most: 11, isSingle: false };
  const play = async (seed) => ({ played: 10, failures: seed === 8 ? ["case 4: broken"] : [] });
  console.log(JSON.stringify(await playSeeds(job, play)));
`;

const first = 20261121;

let gateway: InputGateway;
beforeAll(async () => {
  gateway = await startInputGateway("embedded");
});
afterAll(() => gateway[Symbol.asyncDispose]());

const promise =
  "thousands of requests, right and wrong ones at once, are answered as they should be, each with its own numbers";

test.each([...backends])(`${promise}: %s`, async (backend) => {
  const statuses = new Set<number>();
  await using gateway = await startInputGateway(backend, (status) => void statuses.add(status));
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

test("an answer to a request that something was done to is held to what was sent, by every way of asking", async () => {
  const burst = Array.from({ length: 60 }, (_, at) => burstOf(first + at)).flat();
  const kinds = ["predict", "v1", "predict by name", "predict sum", "infer sum", "infer words", "infer", "binary sum"];
  for (const kind of kinds) {
    const [one, other] = burst.filter((each) => each.kind === kind && each.leavesAfterMs === null);
    const judge = judgeOf(one!.message);
    expect(await gateway.play([{ ...one!, judge }])).toEqual([]);
    const [failure] = await gateway.play([{ ...one!, message: other!.message, judge }]);
    expect([kind, failure?.what]).toEqual([kind, expect.stringContaining("should be")]);
  }
});

test("a seed plays replies, calls and requests, told apart and counted together, the same ones each time", async () => {
  const play = async (seed: number) => {
    const command = [process.execPath, main, "--only", "inputs", "--seed", String(seed)];
    const { stdout, exited } = Bun.spawn(command, { stdout: "pipe", stderr: "inherit" });
    const text = await stdout.text();
    expect({ code: await exited, text }).toMatchObject({ code: 0 });
    return text;
  };
  const [once, again] = await Promise.all([play(first), play(first)]);
  const counts = ["replies parsed", "gRPC calls", "connections", "requests"].map((of) => {
    return Number(new RegExp(`^(\\d+) ${of} in .* a second`, "m").exec(once)?.[1]);
  });
  expect(counts).toEqual([500, 50, wireCases, burstOf(first).length]);
  const total = counts.reduce((sum, count) => sum + count, 0);
  expect(once.trimEnd().split("\n").at(-1)).toBe(`${total} passed, 0 failed`);
  const untimed = (text: string) => text.replaceAll(/ in \d+ s, \d+ a second.*/g, "");
  expect(untimed(again)).toBe(untimed(once));
});

test("what fails is counted, and told with the command that plays it again", async () => {
  const command = [process.execPath, "-e", failingPart];
  const { stdout } = Bun.spawn(command, { cwd: import.meta.dir, stdout: "pipe", stderr: "inherit" });
  expect(await stdout.text()).toBe(
    'FAILED case 4: broken\n  bun run fuzz --only inputs --seed 8 plays it\n{"passed":29,"failed":1}\n',
  );
});
