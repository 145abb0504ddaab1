import { wilson, type Share } from "../../loadgen/wilson.ts";
import { deploymentAt, mainHead } from "../main-branch.ts";
import { model, propose, registerCommand, release, servedOf, type ServingShow } from "../show.ts";
import type { Count } from "../tally.ts";
import { must } from "../wait.ts";

/** Percent of the traffic that each canary of the demo is given. */
const canaryWeight = 10;

/** Canary attempts after which a split can be told from a wrong one: with 10 %, about 1,000 requests. */
const enoughAttempts = 100;

/** Five standard deviations: a right split is further off once in two million demos. */
const deviations = 5;

/** The split that was asked for, and the one that clients saw. */
export interface Split {
  readonly version: number;
  readonly askedPercent: number;
  readonly seen: Share;
}

/** Version 2 as a canary, judged by its split, and promoted. */
export async function goodCanary(show: ServingShow): Promise<Split> {
  const { voice, timeline, traffic, stage } = show;
  voice.chapter(`Version 2, a canary at ${canaryWeight} %`);
  await release(show, await propose(show, ...registerCommand(2, "v2")));
  const seen = await startCanary(show, 2);
  await traffic.until(() => seen.attempts(2) >= enoughAttempts, `${enoughAttempts} requests to the canary`);
  const split = splitOf(2, seen);
  must(isPlausible(split), `clients saw ${split.seen.percent.toFixed(1)} % of their requests at the canary`);
  must(seen.failed === 0, `${seen.failed} client requests failed while version 2 was the canary`);
  const { count, of, percent } = split.seen;
  voice.tell(`clients saw ${count} of ${of} requests answered by it: ${percent.toFixed(1)} %`);

  voice.chapter("Version 2 becomes stable");
  const status = await release(show, await propose(show, "promote", model));
  const promoted = traffic.count();
  must(servedOf(status).stable === 2, "the gateway does not serve version 2 as stable");
  const { stable, previous } = await deploymentAt(stage, mainHead(stage) ?? "", model);
  must(stable.version === 2 && previous?.[0] === 1, "main does not say that 2 is stable and 1 was before");
  timeline.add("version 2 is stable");
  await traffic.until(() => promoted.answers(2) >= 200, "200 answers of version 2 as stable");
  return split;
}

/** Deploys a registered version as a canary, and answers what clients see from the moment it is served. */
export async function startCanary(show: ServingShow, version: number): Promise<Count> {
  const { timeline, traffic, stage } = show;
  const deploy = ["deploy", model, "--version", String(version), "--canary", String(canaryWeight)];
  const status = await release(show, await propose(show, ...deploy));
  const seen = traffic.count();
  must(servedOf(status).canary === version, `the gateway does not serve version ${version} as canary`);
  const { canary } = await deploymentAt(stage, mainHead(stage) ?? "", model);
  const isSo = canary?.version === version && canary.weight === canaryWeight;
  must(isSo, `main does not say that version ${version} is the canary at ${canaryWeight} %`);
  timeline.add(`version ${version} gets ${canaryWeight} %`);
  return seen;
}

export function splitOf(version: number, seen: Count): Split {
  const share = wilson(seen.attempts(version), seen.total);
  must(share !== null, "no client was answered");
  return { version, askedPercent: canaryWeight, seen: share };
}

/** Whether chance alone explains how far the split is from the one asked for. */
export function isPlausible({ askedPercent, seen }: Split): boolean {
  const asked = askedPercent / 100;
  const spread = Math.sqrt((asked * (1 - asked)) / seen.of);
  return Math.abs(seen.percent / 100 - asked) <= deviations * spread;
}
