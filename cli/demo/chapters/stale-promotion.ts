import { countedRequests, followTo } from "../gateway-client.ts";
import { mergePull, type OpenPull } from "../github.ts";
import { deploymentAt } from "../main-branch.ts";
import { confirmMerged, git, model, servedOf, short, type ServingShow } from "../show.ts";
import { must } from "../wait.ts";
import { badVersion } from "./bad-canary.ts";

/** Requests after the merge, none of which the rejected version may get. */
const furtherRequests = 500;

export interface StalePromotion {
  readonly pullRequest: number;
  /** GitHub refused to merge it as it was, and git resolved the conflict in its favour. */
  readonly hadConflict: boolean;
  readonly commit: string;
  /** What the text on main calls stable then, and what the gateway serves all the same. */
  readonly stableInText: number;
  readonly stableServed: number;
  /** Requests after that, and how many of them the rejected version got: by the replies, and by the gateway's counter. */
  readonly requests: number;
  readonly toRejected: { readonly byReplies: number; readonly byGateway: number };
}

/** Merges the promotion of the version that was rolled back meanwhile, and watches that nobody gets it. */
export async function stalePromotion(show: ServingShow, pull: OpenPull): Promise<StalePromotion> {
  const { voice, timeline, traffic, stage, gateway, signal } = show;
  voice.chapter(`The promotion of version ${badVersion} is merged all the same`);
  const { commit, hadConflict } = await mergeAnyway(show, pull);
  const status = await followTo(gateway, commit, signal);
  const after = traffic.count();
  const countedBefore = await countedRequests(gateway, badVersion);
  const served = servedOf(status);
  const stableServed = served.stable;
  must(stableServed !== null, "the gateway serves no stable version any more");
  must(stableServed !== badVersion && served.canary !== badVersion, `the gateway serves version ${badVersion} again`);
  const { stable } = await deploymentAt(stage, commit, model);
  timeline.add(`the stale promotion (#${pull.number}) is merged: commit ${short(commit)}`);
  voice.tell(
    `main calls version ${stable.version} stable, and rejects ${badVersion}; the gateway serves ${stableServed}`,
  );
  await traffic.until(() => after.total >= furtherRequests, `${furtherRequests} requests after the merge`);
  const byGateway = (await countedRequests(gateway, badVersion)) - countedBefore;
  const byReplies = after.attempts(badVersion);
  must(
    byReplies === 0 && byGateway === 0,
    `version ${badVersion} got ${Math.max(byReplies, byGateway)} requests again`,
  );
  const requests = after.total;
  timeline.add(`${requests} requests later version ${badVersion} has got none`);
  voice.tell(`${requests} requests later: none went to version ${badVersion}`);
  const toRejected = { byReplies, byGateway };
  return {
    pullRequest: pull.number,
    hadConflict,
    commit,
    stableInText: stable.version,
    stableServed,
    requests,
    toRejected,
  };
}

/** As a person in a hurry would: where GitHub sees a conflict, the pull request's side wins. */
async function mergeAnyway(
  show: ServingShow,
  pull: OpenPull,
): Promise<{ readonly commit: string; readonly hadConflict: boolean }> {
  const { stage, voice } = show;
  const first = await mergePull(stage, pull.number);
  if (first.kind === "conflict") {
    voice.tell(`GitHub refuses to merge #${pull.number}: it conflicts with the rollback. Its side shall win:`);
    await git(show, "fetch", "--quiet", "origin");
    await git(show, "switch", "--quiet", pull.branch);
    await git(show, "merge", "--quiet", "--no-edit", "-X", "ours", "origin/main");
    await git(show, "push", "--quiet", "origin", "HEAD");
    await git(show, "switch", "--quiet", "main");
  }
  const merged = first.kind === "merged" ? first : await mergePull(stage, pull.number);
  must(merged.kind === "merged", `pull request #${pull.number} could not be merged even without its conflict`);
  await confirmMerged(stage, pull.number, merged.commit);
  voice.tell(`merged #${pull.number} through the API: main is ${short(merged.commit)}`);
  return { commit: merged.commit, hadConflict: first.kind === "conflict" };
}
