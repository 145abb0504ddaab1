/** Auto-merge: a pull request merges by itself once the rules of its base are kept. */
import { Refusal } from "../fault.ts";
import { mergeViolations } from "../rules/violations.ts";
import { rulesFor } from "../rules/rules.ts";
import type { Scope, World } from "../world.ts";
import { mergeability, mergePull } from "./merge.ts";
import type { MergeRequest, PullRequest } from "./store.ts";

/** Throws with GitHub's reasons: the repository does not allow it, or there is nothing that a merge could wait for. */
export async function enableAutoMerge({ world, user }: Scope, pull: PullRequest, request: MergeRequest): Promise<void> {
  const refuse = (why: string) => new Refusal("unprocessable", `Pull request ${why}`);
  if (pull.state === "closed") throw refuse("is closed");
  if (!rulesFor(world.settings.rules, pull.baseRef)) {
    throw refuse("Protected branch rules not configured for this branch");
  }
  if (!world.settings.allowAutoMerge) throw refuse("Auto merge is not allowed for this repository");
  const state = await mergeability(world, pull);
  if (state === "clean") throw refuse("Pull request is in clean status");
  pull.autoMerge = { by: user, at: world.now(), request };
}

/** Merges what has come to keep the rules. To be called after anything that may have changed that. */
export async function settleAutoMerges(world: World): Promise<void> {
  for (const pull of world.pulls.all()) {
    const { autoMerge } = pull;
    if (pull.state === "closed" || autoMerge === null) continue;
    if ((await mergeViolations(world, pull)).length > 0 || (await mergeability(world, pull)) === "dirty") continue;
    try {
      await mergePull({ world, user: autoMerge.by }, pull, autoMerge.request);
    } catch (error) {
      // Somebody's push was faster, or the method does not do: it goes on waiting.
      if (!(error instanceof Refusal)) throw error;
    }
  }
}
