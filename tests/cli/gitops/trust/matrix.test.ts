import { beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { faultKinds } from "../../../../cli/demo/forge/faults.ts";
import { countCalls, eventNames, restlessTrials, runTrials, trialsOf, type NamedTrial } from "./matrix.ts";
import { scenarios, type Scenario } from "./scenarios.ts";

setDefaultTimeout(120_000);

/** Of all trials one in so many; the fuzzer takes others each time. */
const oneIn = 37;

/** And each kind of fault before and after its call, and each event, at one call at least. */
function chosenFrom(all: readonly NamedTrial[]): readonly NamedTrial[] {
  const chosen = new Set(all.filter((_, at) => at % oneIn === 0));
  const wanted = [...faultKinds.flatMap((kind) => [`: ${kind} before `, `: ${kind} after `]), ...eventNames];
  for (const [at, name] of wanted.entries()) {
    const those = all.filter((trial) => trial.name.includes(name));
    const one = those[(at * oneIn) % those.length];
    if (one !== undefined && !those.some((trial) => chosen.has(trial))) chosen.add(one);
  }
  return [...chosen];
}

/** How many of the kinds of fault and of the events the trials meet. */
function kindsOf(trials: readonly NamedTrial[]): readonly string[] {
  return [...faultKinds, ...eventNames].filter((name) => trials.some((trial) => trial.name.includes(`: ${name} `)));
}

/** git works in dozens of processes: of plain git one scenario, and of its trials fewer. */
const overGitHub = scenarios.filter(({ over }) => over === "github");
const overGit = scenarios.filter(({ name }) => name === "deploy over an open pull request, over plain git");

let calls: ReadonlyMap<Scenario, number>;
beforeAll(async () => {
  calls = await countCalls(overGitHub);
});

test("without a fault nothing makes more than five calls, comments and auto-merge apart", () => {
  for (const [{ name }, count] of calls)
    expect([name, count <= (name.includes("rollback") ? 6 : 5)]).toEqual([name, true]);
});

test("whatever fails, a command ends in success or one clear error, and the next run ends well", async () => {
  const all = [...calls].flatMap(([scenario, count]) => trialsOf(scenario, count));
  const chosen = chosenFrom(all);
  expect(kindsOf(chosen)).toEqual([...faultKinds, ...eventNames]);
  expect(await runTrials(chosen)).toEqual(new Map());
});

test("whatever fails on a remote that only speaks git, it is the same", async () => {
  const all = [...(await countCalls(overGit))].flatMap(([scenario, count]) => trialsOf(scenario, count));
  const chosen = chosenFrom(all);
  expect(kindsOf(chosen)).toEqual(kindsOf(all));
  expect(chosen.filter(({ name }) => / after call /.test(name)).length).toBeGreaterThan(3);
  expect(await runTrials(chosen)).toEqual(new Map());
});

test("a base branch that moves before every call ends in success or in words, and nothing is lost", async () => {
  expect(await runTrials(restlessTrials())).toEqual(new Map());
});
