import { ProblemError, type Problem } from "../../../../schemas/problem.ts";
import { OutsideError } from "../../core/ports.ts";
import { saysArchived, wordsOf, type Failure } from "./failure.ts";

/** What was being tried, for the person who reads that it failed. */
export interface Attempt {
  /** `reading owner/name` */
  readonly what: string;
  readonly repository: string;
  /** What a fine-grained token or a GitHub App needs for it: `Contents: write`. */
  readonly permission: string;
}

/**
 * The error for people. What the person can mend (token, rights, names) is a ProblemError, the rest an OutsideError that
 * says whether trying again may help. GitHub's own words are quoted where they tell why; the raw error is only the cause.
 */
export function explainFailure(failure: Failure, attempt: Attempt, cause: unknown): Error {
  if (failure.kind === "network") return network(failure, attempt, cause);
  if (failure.kind === "rate-limit") return rateLimit(failure, attempt, cause);
  return failure.kind === "graphql" ? graphql(failure, attempt, cause) : answer(failure, attempt, cause);
}

const troubles = {
  "no-answer": "GitHub did not answer in time",
  unreachable: "GitHub cannot be reached",
  garbled: "what answered is not GitHub's API",
} as const;

function network({ reason }: Failure & { kind: "network" }, attempt: Attempt, cause: unknown): OutsideError {
  const hint = `check the network, GITHUB_API_URL and https://www.githubstatus.com, and try again; ${afterLoss(attempt)}`;
  return new OutsideError(`${attempt.what}: ${troubles[reason]}`, { retryable: true, hint, cause });
}

/** An answer may get lost after all was done. */
function afterLoss({ permission }: Attempt): string {
  return permission.includes("write")
    ? "it is done whole or not at all: see which, before a rollback is repeated"
    : "nothing was changed";
}

function rateLimit(failure: Failure & { kind: "rate-limit" }, { what }: Attempt, cause: unknown): OutsideError {
  const which = failure.secondary ? "GitHub's limit on fast writes" : "the token's rate limit";
  const when = failure.resetsAt === null ? "in a few minutes" : `after ${failure.resetsAt.toISOString()}`;
  return new OutsideError(`${what}: ${which} is used up`, { retryable: true, hint: `try again ${when}`, cause });
}

function graphql(failure: Failure & { kind: "graphql" }, attempt: Attempt, cause: unknown): Error {
  const types = failure.errors.map((error) => error.type);
  if (types.includes("RATE_LIMITED")) {
    return rateLimit({ kind: "rate-limit", secondary: false, resetsAt: null }, attempt, cause);
  }
  const words = wordsOf(failure);
  if (saysArchived(failure)) return stop(archived(attempt), cause);
  if (types.includes("FORBIDDEN") || types.includes("INSUFFICIENT_SCOPES") || /not accessible by/i.test(words)) {
    return stop(forbidden(attempt, words), cause);
  }
  if (types.includes("NOT_FOUND")) return stop(notFound(attempt), cause);
  return refused(attempt, words, cause);
}

function answer(failure: Failure & { kind: "answer" }, attempt: Attempt, cause: unknown): Error {
  const { status, message } = failure;
  if (saysArchived(failure)) return stop(archived(attempt), cause);
  if (status === 401) return stop(badToken(attempt), cause);
  if (status === 403) return stop(forbidden(attempt, message), cause);
  if (status === 404 || status === 410) return stop(notFound(attempt), cause);
  if (status < 500 || status === 501) return refused(attempt, message, cause);
  return new OutsideError(`${attempt.what}: GitHub answered ${status}`, {
    retryable: true,
    hint: `see https://www.githubstatus.com and try again; ${afterLoss(attempt)}`,
    cause,
  });
}

function stop(problem: Problem, cause: unknown): ProblemError {
  return new ProblemError([problem], { cause });
}

function badToken({ what }: Attempt): Problem {
  return {
    code: "github-token-rejected",
    message: `${what}: GitHub does not accept the token`,
    hint: "it may have expired or been revoked: set GITHUB_TOKEN to a new one, or run `gh auth login`",
  };
}

function forbidden({ what, repository, permission }: Attempt, words: string): Problem {
  if (/by integration/i.test(words)) {
    return {
      code: "github-permission",
      message: `${what}: the GitHub App may not do this (${quote(words)})`,
      hint: `give the App "${permission}" on its page under "Permissions", then accept that in its installation on ${repository}`,
    };
  }
  return {
    code: "github-permission",
    message: `${what}: the token may not do this (${quote(words)})`,
    hint: `give it "${permission}" on ${repository}, and authorize it for the organization's single sign-on if it has one`,
  };
}

function archived({ what, repository }: Attempt): Problem {
  return {
    code: "github-archived",
    message: `${what}: ${repository} was archived, so nobody can write to it`,
    hint: "unarchive it in its settings, or name the repository that took its place in mmsp.yaml or with --repo",
  };
}

/** GitHub says "not found" of what the token may not see. */
function notFound({ what, repository, permission }: Attempt): Problem {
  return {
    code: "github-not-found",
    message: `${what}: GitHub does not find ${repository}, or hides it from this token`,
    hint: `check the name, and that the token has "${permission}" on it`,
  };
}

function refused({ what }: Attempt, words: string, cause: unknown): OutsideError {
  return new OutsideError(`${what}: GitHub refused it (${quote(words)})`, {
    retryable: false,
    hint: "this should not happen with what mmsp sends: please report it, with the log",
    cause,
  });
}

/** One line of somebody else's text. */
function quote(words: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is taken out
  const line = words.replace(/[\u0000-\u001f\u007f]+/g, " ").trim();
  return line.length > 300 ? `${line.slice(0, 300)}...` : line;
}
