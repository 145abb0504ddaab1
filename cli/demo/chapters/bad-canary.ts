import type { Rejection } from "../../../schemas/model-deployment.ts";
import { cutOf, readStatus } from "../gateway-client.ts";
import type { OpenPull } from "../github.ts";
import { deploymentAt, mainHead, mainMoves } from "../main-branch.ts";
import { model, propose, registerCommand, release, short, type ServingShow } from "../show.ts";
import { must } from "../wait.ts";
import { splitOf, startCanary, type Split } from "./good-canary.ts";

export const badVersion = 3;

/** Answers of the canary after which it looks healthy to whoever opens the promotion. */
const healthyAnswers = 100;

/** How the guard undid the bad version; Unix times in milliseconds. */
export interface Rollback {
  readonly firstBadAt: number;
  readonly cutAt: number;
  readonly committedAt: number;
  readonly commit: string;
  readonly reason: string;
  readonly evidence: Readonly<Record<string, string>>;
  /** Attempts at the canary that it failed, until it was cut. */
  readonly failedAttempts: number;
}

export interface BadCanary {
  readonly split: Split;
  readonly rollback: Rollback;
  /** The promotion that was opened while it looked healthy, still open. */
  readonly promotion: OpenPull;
}

/** Version 3 as a canary: fine with small tumours, failing with large ones. The guard takes it out. */
export async function badCanary(show: ServingShow): Promise<BadCanary> {
  const { voice, traffic, timeline } = show;
  voice.chapter(`Version ${badVersion}, a canary that looks healthy`);
  await release(show, await propose(show, ...registerCommand(badVersion, "v3-fails")));
  traffic.send("small tumours");
  const rows = `${traffic.size("small tumours")} of the ${traffic.size("everyone")} held-out rows`;
  voice.tell(`it is morning: the patients who come have small tumours (${rows})`);
  const seen = await startCanary(show, badVersion);
  await traffic.until(() => seen.answers(badVersion) >= healthyAnswers, `${healthyAnswers} answers of the canary`);
  must(seen.failures(badVersion) === 0, `version ${badVersion} fails already with small tumours`);
  voice.tell(`${seen.answers(badVersion)} answers of version ${badVersion}, none failed: somebody opens its promotion`);
  const promotion = await propose(show, "promote", model);
  timeline.add(`promotion of version ${badVersion} opened (#${promotion.number}), and left open`);
  const guard = (await readStatus(show.gateway)).models.find((one) => one.model === model)?.guard;
  must(guard?.kind === "healthy", `the guard does not call version ${badVersion} healthy: ${guard?.reason ?? ""}`);
  const split = splitOf(badVersion, seen);
  return { split, promotion, rollback: await goBad(show) };
}

/** The traffic changes, nothing else does. Watches clients, gateway and main at once. */
async function goBad(show: ServingShow): Promise<Rollback> {
  const { voice, traffic, timeline, stage, gateway, signal } = show;
  voice.chapter("Large tumours come");
  const before = mainHead(stage) ?? "";
  const bad = traffic.count();
  const firstBad = traffic.next((reply) => reply.fallbackFrom !== null || reply.error !== null, "a bad answer");
  // Started before the traffic changes, so that no delay of this process's is measured.
  const [reply, cut, moved] = await Promise.all([
    firstBad,
    (traffic.send("everyone"), timeline.add("patients with large tumours come"), cutOf(gateway, badVersion, signal)),
    mainMoves(stage, before, signal),
  ]);
  const rejection = await rejectionAt(show, moved.commit);
  const cutAt = Date.parse(cut.at);
  timeline.add("first bad answer of the canary; stable answers instead", reply.atMs);
  timeline.add("the guard cuts the canary", cutAt);
  timeline.add(`the rollback is commit ${short(moved.commit)} on main`, moved.atMs);
  voice.tell(`the guard: ${cut.reason}`);
  voice.tell(`rolled back by commit ${short(moved.commit)}; clients saw ${bad.failed} errors`);
  return {
    firstBadAt: reply.atMs,
    cutAt,
    committedAt: moved.atMs,
    commit: moved.commit,
    reason: cut.reason,
    evidence: rejection.evidence ?? {},
    failedAttempts: bad.failures(badVersion),
  };
}

/** The commit itself says that the version is out, and who took it out. */
async function rejectionAt({ stage }: ServingShow, commit: string): Promise<Rejection> {
  const { canary, stable, rejected } = await deploymentAt(stage, commit, model);
  must(canary === undefined && stable.version === 2, `commit ${short(commit)} does not go back to version 2 alone`);
  const rejection = rejected?.find((entry) => entry.version === badVersion);
  must(rejection?.by === "guard", `commit ${short(commit)} does not reject version ${badVersion} in the guard's name`);
  return rejection;
}
