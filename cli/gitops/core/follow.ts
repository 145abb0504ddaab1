import type { Rejection } from "../../../schemas/model-deployment.ts";
import type { Problem } from "../../../schemas/problem.ts";
import { behindBranch } from "./behind-branch.ts";

/** A check of a pull request's newest commit. */
export interface Check {
  readonly name: string;
  readonly outcome: "pending" | "passed" | "failed";
  /** The base branch takes no merge without it. */
  readonly isRequired: boolean;
  /** Its page, where it has one. */
  readonly url: string | null;
}

/** What decides how a pull request goes on, as one look at it tells. */
export interface PullState {
  readonly number: number;
  readonly url: string;
  readonly title: string;
  readonly branch: string;
  readonly base: string;
  readonly state: "open" | "merged" | "closed";
  readonly isDraft: boolean;
  /** `blocked`: a rule of the base branch is not met yet. `unknown`: GitHub is still working it out. */
  readonly merging: "ready" | "conflict" | "behind" | "blocked" | "unknown";
  readonly review: "approved" | "changes-requested" | "required" | "none";
  /** Asked to be merged by GitHub itself, once the rules are met. */
  readonly mergesItself: boolean;
  /** null: the token may not see them. */
  readonly checks: readonly Check[] | null;
  /** The commit on the base branch; null as long as it is not merged. */
  readonly mergedAs: string | null;
}

/** What follows from a look: go on with a word on what is awaited, arrived, or there is no use in waiting. */
export type Step<Arrived> =
  | { readonly kind: "wait"; readonly says: string }
  | ({ readonly kind: "arrived" } & Arrived)
  | { readonly kind: "stop"; readonly problem: Problem };

/** Of several that go together: all have to arrive, one that is stopped stops all, and the first that is awaited is told. */
export function together<Arrived>(steps: readonly Step<Arrived>[]): Step<{ readonly all: readonly Arrived[] }> {
  const stopped = steps.find((step) => step.kind === "stop");
  if (stopped !== undefined) return stopped;
  const waiting = steps.filter((step) => step.kind === "wait");
  const [first] = waiting;
  if (first === undefined) return { kind: "arrived", all: steps.filter((step) => step.kind === "arrived") };
  const done = steps.length - waiting.length;
  return steps.length === 1 ? first : { kind: "wait", says: `${first.says} (${done} of ${steps.length} done)` };
}

/**
 * Whether to go on waiting for a pull request, and what to say of it. `rejection`: of the version that it is about, where the base
 * branch has come to reject it.
 */
export function judgePull(
  pull: PullState,
  rejection: Rejection | null = null,
): Step<{ readonly commit: string | null }> {
  if (pull.state === "merged") return { kind: "arrived", commit: pull.mergedAs };
  const problem = problemOf(pull, rejection);
  return problem === null ? { kind: "wait", says: awaited(pull) } : { kind: "stop", problem };
}

function problemOf(pull: PullState, rejection: Rejection | null): Problem | null {
  const { number, url, base } = pull;
  const command = behindBranch(pull)?.command ?? null;
  const rejected =
    rejection === null
      ? null
      : `version ${rejection.version} was rejected since (${rejection.by}: ${rejection.reason})`;
  if (pull.state === "closed") {
    const again = rejected ?? (command === null ? null : `\`${command}\` opens a new one`);
    return {
      code: "pull-request-closed",
      message: `pull request #${number} was closed without being merged: ${url}`,
      hint: `somebody said no, or its branch was deleted${again === null ? "" : `; ${again}`}`,
    };
  }
  if (pull.merging === "conflict") {
    const again =
      command === null
        ? `bring its branch up to date with ${base}`
        : `run \`${command}\` again: it is then planned on what ${base} says now`;
    return {
      code: "pull-request-conflict",
      message: `pull request #${number} conflicts with ${base}: ${url}`,
      hint: rejected === null ? again : `close it: ${rejected}`,
    };
  }
  const failed = decisive(pull.checks ?? []);
  if (failed === undefined) return null;
  const place = failed.url ?? url;
  return {
    code: "check-failed",
    message: `the check "${failed.name}" of pull request #${number} failed: ${place}`,
    hint: `see what it says; when that is mended and it runs again, \`mmsp wait ${number}\` goes on from here`,
  };
}

/** One that failed and that a merge depends on: where nothing is required, a person decides, and looks at all of them. */
function decisive(checks: readonly Check[]): Check | undefined {
  const failed = checks.filter(({ outcome }) => outcome === "failed");
  const anyRequired = checks.some(({ isRequired }) => isRequired);
  return failed.find(({ isRequired }) => isRequired || !anyRequired);
}

/** What an open pull request waits for: the first thing that has to happen. */
function awaited(pull: PullState): string {
  const { checks, review, merging, base } = pull;
  if (pull.isDraft) return "it is a draft: somebody has to mark it as ready";
  const pending = (checks ?? []).filter(({ outcome }) => outcome === "pending");
  if (pending.length > 0) return waitingForChecks(pending, checks?.length ?? 0);
  if (review === "changes-requested") return "a reviewer asked for changes";
  if (review === "required") return "waiting for a review";
  if (merging === "behind") return `its branch has to be brought up to date with ${base}`;
  if (merging === "unknown") return "GitHub is working out whether it can be merged";
  if (merging === "blocked") return blockedBy(pull);
  return pull.mergesItself ? "all is well: GitHub is about to merge it" : "ready, waiting for somebody to merge it";
}

function waitingForChecks(pending: readonly Check[], all: number): string {
  const names = pending.slice(0, 3).map(({ name }) => name);
  const more = pending.length > names.length ? ` and ${pending.length - names.length} more` : "";
  return `waiting for ${pending.length === 1 ? "the check" : "checks"} ${names.join(", ")}${more} (${all - pending.length} of ${all} done)`;
}

function blockedBy({ checks, base }: PullState): string {
  if (checks === null) return `waiting for what ${base} requires (the token may not see the checks)`;
  return checks.length === 0 ? "no check has started yet" : `a rule of ${base} is not met yet`;
}
