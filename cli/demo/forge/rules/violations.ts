/** Which rules of a branch a change would break, in GitHub's words. */
import { Refusal } from "../fault.ts";
import { branchRef, isAncestor, readRef } from "../git/refs.ts";
import { opinionsOn } from "../pulls/reviews.ts";
import type { PullRequest } from "../pulls/store.ts";
import type { ForgeUser } from "../users.ts";
import type { World } from "../world.ts";
import { rulesFor, type BranchRules } from "./rules.ts";

type Standing = "success" | "expected" | "pending" | "failing";

/** What has been said of a commit under the name of a required check. */
function standingOf(world: World, oid: string, context: string): Standing {
  const status = world.statuses.of(oid).find((each) => each.context === context);
  const run = world.checkRuns.of(oid).findLast((each) => each.name === context);
  if (status === undefined && run === undefined) return "expected";
  if (status?.state === "pending" || (run !== undefined && run.status !== "completed")) return "pending";
  const passed = ["success", "neutral", "skipped", undefined];
  const failed = (status !== undefined && status.state !== "success") || !passed.includes(run?.conclusion ?? undefined);
  return failed ? "failing" : "success";
}

/** `fresh`: the commit was checked together with what the base holds now. GitHub waits for all checks anew where it was not. */
function checkViolations(world: World, rules: BranchRules, oid: string, fresh: boolean): readonly string[] {
  const { contexts = [], strict = false } = rules.checks ?? {};
  const standings = contexts.map((context): readonly [string, Standing] => [
    context,
    strict && !fresh ? "expected" : standingOf(world, oid, context),
  ]);
  const open = standings.filter(([, standing]) => standing !== "success");
  const [first, second] = open;
  if (first === undefined) return [];
  if (second === undefined) return [`Required status check "${first[0]}" is ${first[1]}.`];
  const kinds = new Set(open.map(([, standing]) => standing));
  const count = `${open.length} of ${contexts.length} required status checks`;
  if (kinds.size === 1) return [`${count} are ${first[1]}.`];
  const parts = [...kinds].map((kind) => `${open.filter(([, standing]) => standing === kind).length} ${kind}`);
  return [`${count} have not succeeded: ${parts.join(", ")}.`];
}

/** Of a commit that a branch would point to without a pull request; null: of its deletion. Anybody may make a branch. */
export async function pushViolations(
  world: World,
  rules: BranchRules,
  branch: string,
  to: string | null,
): Promise<readonly string[]> {
  const old = await readRef(world.repository, branchRef(branch));
  if (old === null) return [];
  if (to === null) return ["Cannot delete this branch"];
  const forced = !(await isAncestor(world.repository, old.oid, to));
  return [
    ...(forced ? ["Cannot force-push to this branch"] : []),
    ...(rules.pullRequest ? ["Changes must be made through a pull request."] : []),
    ...checkViolations(world, rules, to, true),
  ];
}

/** What keeps a pull request from being merged, beside conflicts; nothing for those who bypass the rules. */
export async function mergeViolations(world: World, pull: PullRequest, user?: ForgeUser): Promise<readonly string[]> {
  const rules = rulesFor(world.settings.rules, pull.baseRef, user);
  if (!rules) return [];
  const fresh = await isAncestor(world.repository, pull.baseOid, pull.headOid);
  return [...reviewViolations(rules, pull), ...checkViolations(world, rules, pull.headOid, fresh)];
}

function reviewViolations(rules: BranchRules, pull: PullRequest): readonly string[] {
  const { approvals = 0 } = rules.pullRequest ?? {};
  const decision = reviewDecision(rules, pull);
  if (decision === "CHANGES_REQUESTED") return ["Changes have been requested."];
  if (decision !== "REVIEW_REQUIRED") return [];
  const needed = `${approvals} approving review${approvals === 1 ? " is" : "s are"} required`;
  return [`At least ${needed} by reviewers with write access.`];
}

/** What the reviews of a pull request come to; null where its base asks for none, whatever reviewers say. */
export function reviewDecision(
  rules: BranchRules | undefined,
  pull: PullRequest,
): "APPROVED" | "CHANGES_REQUESTED" | "REVIEW_REQUIRED" | null {
  const { approvals: needed = 0 } = rules?.pullRequest ?? {};
  if (needed === 0) return null;
  const { approvals, changesRequested } = opinionsOn(pull);
  if (changesRequested) return "CHANGES_REQUESTED";
  return approvals >= needed ? "APPROVED" : "REVIEW_REQUIRED";
}

/** GitHub's text for violations. A ruleset lists them all, the older protection has a line for the first. */
function violationText(rules: BranchRules, violations: readonly string[]): string {
  if (rules.as === "ruleset") return `Repository rule violations found\n\n${violations.join("\n\n")}\n\n`;
  return violations[0] ?? "";
}

/** Throws where the user may not point the branch there by a call that works like a push. */
export async function refuseMove(world: World, user: ForgeUser, branch: string, to: string | null): Promise<void> {
  const rules = rulesFor(world.settings.rules, branch, user);
  if (!rules) return;
  const violations = await pushViolations(world, rules, branch, to);
  if (violations.length > 0) throw new Refusal("unprocessable", violationText(rules, violations));
}

/** Throws where the rules of its base keep the user from merging. */
export async function refuseMerge(world: World, user: ForgeUser, pull: PullRequest): Promise<void> {
  const rules = rulesFor(world.settings.rules, pull.baseRef, user);
  const violations = await mergeViolations(world, pull, user);
  if (rules && violations.length > 0) throw new Refusal("not-mergeable", violationText(rules, violations));
}
