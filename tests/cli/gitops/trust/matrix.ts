/** Every fault at every call of every scenario, before and after its effect. */
import { faultKinds, mayComeAfter, type FaultKind } from "../../../../cli/demo/forge/faults.ts";
import { runGit } from "../../../support/git.ts";
import type { Hub } from "../hub.ts";
import { scenarios, type Scenario } from "./scenarios.ts";
import { openBench, runTrial, type Trial, type TrialReport } from "./trial.ts";

type Moment = "before" | "after";

export interface NamedTrial extends Trial {
  readonly name: string;
  readonly check?: (report: TrialReport) => void;
}

/** Long enough for any answer that comes; a silence is waited for three times. */
const silenceMs = 400;

/** What a server that only speaks git, and the way to it, may come to; GitHub's limits are no part of it. */
const gitFaultKinds: readonly FaultKind[] = [
  ...(["error-500", "error-502", "error-503", "error-504", "secondary-limit-429"] as const),
  ...(["silence", "reset", "cut"] as const),
];

interface Event {
  readonly act: (hub: Hub) => unknown;
  readonly mend?: (hub: Hub) => unknown;
  /** What only happens to repositories on GitHub. */
  readonly only?: "github";
}

/** Things that happen to the repository meanwhile, and what makes them undone. */
const events: Readonly<Record<string, Event>> = {
  "our branch is deleted": { act: deleteBranches },
  "our pull request is closed": {
    only: "github",
    act: (hub) => eachPull(hub, (number) => hub.api("PATCH", `/pulls/${number}`, { state: "closed" })),
  },
  "our pull request is merged": {
    only: "github",
    act: (hub) => eachPull(hub, (number) => hub.api("PUT", `/pulls/${number}/merge`, {})),
  },
  "our branch gets somebody's commit": {
    act: (hub) => eachBranch(hub, (name) => hub.push(name, { "theirs.txt": `${name}\n` })),
  },
  "our branch is forced to somebody's": {
    act: async (hub) => {
      const theirs = await hub.push("somebody", { "theirs.txt": "x\n" });
      await eachBranch(hub, (name) => runGit(hub.server.gitDir, ["update-ref", `refs/heads/${name}`, theirs]));
    },
  },
  "the base branch moves": { act: moveBase },
  "the repository is renamed": {
    only: "github",
    act: ({ server: { settings } }) => {
      settings.formerNames.push(settings.name);
      settings.name = "served-models";
    },
  },
  "the base branch comes to take pull requests only": {
    only: "github",
    act: ({ server }) => server.settings.rules.set("main", { as: "ruleset", pullRequest: { approvals: 0 } }),
    mend: ({ server }) => server.settings.rules.clear(),
  },
  "the repository is archived": {
    act: ({ server }) => void (server.settings.archived = true),
    mend: ({ server }) => void (server.settings.archived = false),
  },
  "the right to write is taken away": {
    act: ({ server }) => server.settings.permissions.set("grace", "read"),
    mend: ({ server }) => server.settings.permissions.clear(),
  },
  "the repository is hidden": {
    act: ({ server }) => server.settings.permissions.set("grace", "none"),
    mend: ({ server }) => server.settings.permissions.clear(),
  },
};

export const eventNames = Object.keys(events);

async function moveBase(hub: Hub): Promise<void> {
  await hub.push("main", { "theirs.txt": `after ${await hub.head("main")}\n` });
}

async function eachBranch(hub: Hub, act: (name: string) => unknown): Promise<void> {
  const names = await runGit(hub.server.gitDir, ["for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads/mmsp/"]);
  for (const name of names.split("\n").filter((line) => line !== "")) await act(name);
}

async function deleteBranches(hub: Hub): Promise<void> {
  await eachBranch(hub, (name) => runGit(hub.server.gitDir, ["update-ref", "-d", `refs/heads/${name}`]));
}

/** By what the server holds, as a person would; the person's calls meet no fault. */
async function eachPull(hub: Hub, act: (number: number) => Promise<unknown>): Promise<void> {
  const { hook, replyHook } = hub;
  hub.hook = undefined;
  hub.replyHook = undefined;
  for (const { number } of (await hub.api("GET", "/pulls?state=open")) as readonly { number: number }[])
    await act(number);
  hub.hook = hook;
  hub.replyHook = replyHook;
}

/** All trials of a scenario that makes as many calls where nothing fails. */
export function trialsOf(scenario: Scenario, calls: number): readonly NamedTrial[] {
  const trials: NamedTrial[] = [];
  const possible = scenario.over === "git" ? gitFaultKinds : faultKinds;
  for (let at = 0; at < calls; at++) {
    for (const moment of ["before", "after"] as const) {
      const kinds = moment === "before" ? possible : possible.filter(mayComeAfter);
      for (const kind of kinds) trials.push(...lineTrials(scenario, at, moment, kind));
      for (const name of eventNames) {
        if ((events[name]?.only ?? scenario.over) !== scenario.over) continue;
        // After a call is before the next: only the last has an after of its own.
        if (moment === "before" || at === calls - 1) trials.push(eventTrial(scenario, at, moment, name));
      }
    }
  }
  return trials;
}

function lineTrials(scenario: Scenario, at: number, moment: Moment, what: FaultKind): readonly NamedTrial[] {
  const timeout = what === "silence" ? { timeoutMs: silenceMs } : {};
  const name = `${scenario.name}: ${what} ${moment} call ${at}`;
  const once = { name, scenario, faults: () => [{ at, moment, what }], ...timeout };
  const lasting = {
    name: `${name}, and on`,
    scenario,
    faults: () => [{ at, moment, what, lasting: true }],
    ...timeout,
  };
  return [once, lasting];
}

function eventTrial(scenario: Scenario, at: number, moment: Moment, event: string): NamedTrial {
  const { act, mend } = events[event] ?? { act: () => null };
  const faults = (hub: Hub) => [{ at, moment, what: () => act(hub) }];
  return {
    name: `${scenario.name}: ${event} ${moment} call ${at}`,
    scenario,
    faults,
    ...(mend === undefined ? {} : { mend }),
  };
}

/** A base branch that moves before every write, for ever. Not on plain git, where each try of so many takes dozens of processes. */
export function restlessTrials(): readonly NamedTrial[] {
  const onGitHub = scenarios.filter(({ over }) => over === "github");
  return onGitHub.map((scenario) => ({
    name: `${scenario.name}: the base branch moves before every call`,
    scenario,
    faults: (hub: Hub) => [
      {
        at: 0,
        moment: "before" as const,
        lasting: true,
        what: () => moveBase(hub),
      },
    ],
  }));
}

/** Calls of each scenario where nothing fails. */
export async function countCalls(chosen = scenarios): Promise<ReadonlyMap<Scenario, number>> {
  const counts = new Map<Scenario, number>();
  await using bench = await openBench();
  for (const scenario of chosen) counts.set(scenario, (await runTrial({ scenario, faults: () => [] }, bench)).calls);
  return counts;
}

/** Runs trials, several at a time: they wait more than they work. Returns what went wrong, by name. */
export async function runTrials(trials: readonly NamedTrial[], width = 6): Promise<ReadonlyMap<string, unknown>> {
  const waiting = [...trials];
  const failures = new Map<string, unknown>();
  const worker = async () => {
    await using bench = await openBench();
    for (let trial = waiting.shift(); trial !== undefined; trial = waiting.shift()) {
      try {
        const report = await runTrial(trial, bench);
        trial.check?.(report);
      } catch (error) {
        failures.set(trial.name, error);
      }
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  return failures;
}
