/**
 * One trial: a scenario with a fault in it, then the same once more where the fault is gone. It ends in success or in one clear
 * error, never in a half change, never in a second commit or pull request for the same thing.
 */
import { expect } from "bun:test";
import { planFaults, type PlannedFault } from "../../../../cli/demo/forge/faults.ts";
import type { Commit } from "../../../../cli/demo/forge/git/parse.ts";
import { OutsideError, ProtectedBranch } from "../../../../cli/gitops/core/ports.ts";
import { publish, type PublishParts } from "../../../../cli/gitops/publish.ts";
import { ProblemError } from "../../../../schemas/problem.ts";
import { planner } from "../cut-parts.ts";
import { apiWire, openGitLine, type Wire } from "../git-line.ts";
import { startHub, type Hub } from "../hub.ts";
import { modelBytes } from "../publisher.ts";
import { openInspector, type Inspector } from "./inspector.ts";
import { scenarioFiles, type Answer, type Scenario } from "./scenarios.ts";

export interface Trial {
  readonly scenario: Scenario;
  readonly faults: (hub: Hub) => readonly PlannedFault[];
  /** Makes the fault go away, before the scenario runs again. */
  readonly mend?: (hub: Hub) => unknown;
  /** Of one call. Every silence takes as long. */
  readonly timeoutMs?: number;
}

/** How a run ended: with answers, or with an error for people. */
export type End = { readonly answers: readonly Answer[] } | { readonly error: Error };

export interface TrialReport {
  readonly end: End;
  /** Of the first run. */
  readonly calls: number;
  readonly fired: boolean;
}

export interface Bench extends AsyncDisposable {
  readonly hub: Hub;
  readonly wires: Readonly<Record<Scenario["over"], Wire>>;
  readonly inspector: Inspector;
}

/** Where trials are run, one after the other. */
export async function openBench(): Promise<Bench> {
  const hub = await startHub(scenarioFiles());
  const inspector = await openInspector(hub.server.gitDir);
  const line = openGitLine(hub);
  return {
    hub,
    wires: { github: apiWire(hub), git: line },
    inspector,
    async [Symbol.asyncDispose]() {
      await line[Symbol.asyncDispose]();
      await inspector[Symbol.asyncDispose]();
      await hub[Symbol.asyncDispose]();
    },
  };
}

/** Runs a trial; throws where a promise is broken. Returns how its first run has ended. */
export async function runTrial(trial: Trial, { hub, wires, inspector }: Bench): Promise<TrialReport> {
  const { scenario, mend } = trial;
  const wire = wires[scenario.over];
  const { again = scenario.run } = scenario;
  await hub.reset();
  wire.forget();
  // Where the fault is gone nothing is in a hurry: a busy machine is no fault.
  const parts = (timeoutMs?: number) => partsFor(wire, timeoutMs);
  if (scenario.first !== undefined) {
    await publish(scenario.first, { baseBranch: "main", as: "pull-request" }, parts());
  }
  const before = wire.made;
  const plan = planFaults(trial.faults(hub), before);
  wire.hook = plan.hook;
  wire.replyHook = plan.replyHook;
  const end = await endOf(scenario.run(parts(trial.timeoutMs)));
  const calls = wire.made - before;
  wire.hook = undefined;
  wire.replyHook = undefined;
  await expectWhole(trial, hub, inspector);

  await mend?.(hub);
  await expectAnswers(await endOf(again(parts())));
  await expectWhole(trial, hub, inspector);
  await expectDone(trial, hub, inspector);

  const refs = await inspector.branches();
  await expectAnswers(await endOf(again(parts())));
  expect(await inspector.branches()).toEqual(refs);
  return { end, calls, fired: plan.fired };
}

/** A clock that only waiting moves, and a client whose waits are a thousandth of the shipped one's. */
function partsFor(wire: Wire, timeoutMs = 20_000): PublishParts {
  let clock = Date.parse("2026-11-21T08:10:00Z") + wire.made * 1000;
  return {
    forge: wire.forge({ agent: "mmsp-test", timeoutMs }),
    planner,
    artifacts: { read: () => Promise.resolve(modelBytes), store: () => Promise.resolve() },
    now: () => new Date(clock),
    random: () => 0.5,
    sleep: (milliseconds) => {
      clock += milliseconds;
      return Promise.resolve();
    },
  };
}

async function endOf(run: Promise<readonly Answer[]>): Promise<End> {
  try {
    return { answers: await run };
  } catch (error) {
    return { error: clear(error) };
  }
}

/** An error that people can read and act on; anything else is a bug, and thrown on. */
export function clear(error: unknown): Error {
  if (error instanceof OutsideError) expect(error.hint.length).toBeGreaterThan(10);
  else if (error instanceof ProblemError) {
    for (const { hint = "" } of error.problems) expect(hint.length).toBeGreaterThan(10);
  } else if (!(error instanceof ProtectedBranch)) throw error;
  expect(error.message).not.toMatch(/HttpError|undefined|\[object|<html/);
  return error;
}

async function expectAnswers(end: End): Promise<void> {
  if ("error" in end) throw new Error(`once the fault is gone: ${end.error.message}`, { cause: end.error });
  const bad = end.answers.filter(({ kind }) => kind === "failed" || kind === "refusal");
  if (bad.length > 0) throw new Error(`once the fault is gone: ${JSON.stringify(bad)}`);
}

interface Pull {
  readonly number: number;
  readonly state: "open" | "closed";
  readonly merged_at: string | null;
  readonly head: { readonly ref: string };
}

const pullsOf = async (hub: Hub) => (await hub.api("GET", "/pulls?state=all&per_page=100")) as readonly Pull[];

/** Nothing half done, whatever has happened: every branch of ours is sound, and has one pull request at most. */
async function expectWhole({ scenario }: Trial, hub: Hub, inspector: Inspector): Promise<void> {
  for (const [name, head] of await inspector.branches()) {
    const complaints = await inspector.complaints(head);
    if (complaints.length > 0) throw new Error(`${scenario.name}: ${name} breaks the rules: ${complaints.join("; ")}`);
  }
  const ours = (await inspector.between(hub.start, await hub.head("main"))).filter(isOurs).map(changeOf);
  expect(new Set(ours).size).toBe(ours.length);
  const open = (await pullsOf(hub)).filter(({ state }) => state === "open");
  expect(new Set(open.map(({ head }) => head.ref)).size).toBe(open.length);
  for (const { number } of open) {
    expect(((await hub.api("GET", `/issues/${number}/comments`)) as readonly unknown[]).length).toBeLessThan(2);
  }
}

const isOurs = ({ parents, message }: Commit) => parents.length === 1 && changeOf({ message }) !== "";
const changeOf = ({ message }: Pick<Commit, "message">) => /^mmsp-change: .*$/m.exec(message)?.[0] ?? "";

/** On the base branch, or in exactly one open pull request; on plain git, on one branch of ours. */
async function expectDone({ scenario }: Trial, hub: Hub, inspector: Inspector): Promise<void> {
  const main = await hub.head("main");
  const onMain = scenario.isDone(await inspector.tree(main));
  if (scenario.direct) return expect(onMain).toBe(true);
  const holding: (number | string)[] = [];
  if (scenario.over === "git") {
    for (const [name, head] of await inspector.branches()) {
      if (name.startsWith("mmsp/") && scenario.isDone(await inspector.tree(head))) holding.push(name);
    }
  }
  for (const { number, state, head } of await pullsOf(hub)) {
    if (state === "open" && scenario.isDone(await inspector.tree(await hub.head(head.ref)))) holding.push(number);
  }
  if (!onMain) expect(holding).toHaveLength(1);
}
