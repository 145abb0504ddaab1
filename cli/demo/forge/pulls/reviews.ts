/** Reviews of a pull request, and what they come to together. Kept in memory. */
import { Refusal } from "../fault.ts";
import type { FileChange } from "../git/history.ts";
import { accountOf, type Account } from "../users.ts";
import type { Scope } from "../world.ts";
import type { PullRequest } from "./store.ts";

export interface Review {
  readonly id: number;
  readonly author: Account;
  readonly body: string;
  /** The head that was looked at. */
  readonly oid: string;
  readonly submittedAt: Date;
  state: "APPROVED" | "CHANGES_REQUESTED" | "COMMENTED" | "DISMISSED";
}

export type ReviewEvent = "APPROVE" | "REQUEST_CHANGES" | "COMMENT";

const STATES = { APPROVE: "APPROVED", REQUEST_CHANGES: "CHANGES_REQUESTED", COMMENT: "COMMENTED" } as const;

/** Whoever may write reviews, apart from the author, who may only comment. */
export function submitReview(
  { world, user }: Scope,
  pull: PullRequest,
  { event, body, oid }: { readonly event: ReviewEvent; readonly body: string; readonly oid: string | undefined },
): Review {
  const author = accountOf(user);
  if (event !== "COMMENT" && author.login === pull.author.login) {
    const what = event === "APPROVE" ? "approve" : "request changes on";
    throw refused(`Review Can not ${what} your own pull request`);
  }
  if (event !== "APPROVE" && body.trim() === "") throw refused("Review body can't be blank");
  const submittedAt = world.now();
  pull.updatedAt = submittedAt;
  return world.pulls.review(pull, { author, body, oid: oid ?? pull.headOid, submittedAt, state: STATES[event] });
}

function refused(why: string): Refusal {
  return new Refusal("unprocessable", "Unprocessable Entity", [why]);
}

interface Opinions {
  readonly approvals: number;
  readonly changesRequested: boolean;
}

/** Each reviewer's last word; a comment is none. */
export function opinionsOn({ reviews }: PullRequest): Opinions {
  const last = new Map(
    reviews.filter(({ state }) => state !== "COMMENTED").map((each) => [each.author.login, each.state]),
  );
  const states = [...last.values()];
  return {
    approvals: states.filter((state) => state === "APPROVED").length,
    changesRequested: states.includes("CHANGES_REQUESTED"),
  };
}

/** Takes approvals back, as where something else is to be merged than was approved. */
export function dismissApprovals({ reviews }: PullRequest): void {
  for (const review of reviews) if (review.state === "APPROVED") review.state = "DISMISSED";
}

/** Whether a pull request shows the same changes as before: its branch may only have been brought up to date. */
export function showTheSame(before: readonly FileChange[], after: readonly FileChange[]): boolean {
  const shown = (files: readonly FileChange[]) =>
    files.map(({ path, status, patch, oid }) => [path, status, patch ?? oid]);
  return JSON.stringify(shown(before)) === JSON.stringify(shown(after));
}
