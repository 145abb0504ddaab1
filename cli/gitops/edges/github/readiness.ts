import type { Octokit } from "@octokit/rest";
import {
  workflowPath,
  type BranchFacts,
  type Identity,
  type RepositoryFacts,
  type Seen,
} from "../../core/readiness/facts.ts";
import { createClient, type ClientOptions } from "./client.ts";
import { attemptAt, repositoryOf, type Repository } from "./repository.ts";
import { readWorkflow } from "./workflow.ts";

export interface ReadinessOptions extends ClientOptions {
  /** owner/name */
  readonly repository: string;
  readonly baseBranch: string;
  /** What an App's token may do; null for a token of a person. */
  readonly permissions: (() => Promise<Readonly<Record<string, string>>>) | null;
}

/**
 * What GitHub shows of a repository and its rules; null where it shows nothing. Ten calls at most, none of which changes
 * anything. Throws what people can read where a call fails otherwise than by a lack of rights.
 */
export async function readReadiness(options: ReadinessOptions): Promise<RepositoryFacts | null> {
  const { baseBranch: base, permissions } = options;
  const repository = repositoryOf(options.repository, base, createClient(options));
  const { owner, name: repo } = repository;
  const found = await ask(repository, (octokit) => octokit.rest.repos.get({ owner, repo }));
  if (found.kind === "refused") return null;
  const { data, headers } = found.answer;
  const [identity, branch, secrets] = await Promise.all([
    identityOf(repository, headers["x-oauth-scopes"], permissions),
    branchOf(repository, base),
    secretsOf(repository),
  ]);
  const { allow_auto_merge: autoMerge } = data;
  return {
    name: data.full_name,
    isPrivate: data.private,
    isArchived: data.archived,
    mayPush: identity.kind === "app" || (data.permissions?.push ?? true),
    defaultBranch: data.default_branch,
    // Left out for who may not change the settings.
    allowsAutoMerge: autoMerge === undefined ? hidden : seen(autoMerge),
    identity,
    base: branch,
    secrets,
  };
}

const hidden = { kind: "hidden" } as const;

function seen<T>(value: T): Seen<T> {
  return { kind: "seen", value };
}

type Asked<T> =
  | { readonly kind: "answered"; readonly answer: T }
  | { readonly kind: "refused"; readonly status: number };

class Refused extends Error {
  readonly status: number;

  constructor(status: number, cause: unknown) {
    super(`refused with ${status}`, { cause });
    this.status = status;
  }
}

/** Not for this token, not there, not so, or not known to this server. */
const unanswered = [403, 404, 410, 422, 501];

/** An answer, or that GitHub does not give one to this token: it says 403, or 404 of what the token may not know of. */
async function ask<T>(repository: Repository, call: (octokit: Octokit) => Promise<T>): Promise<Asked<T>> {
  const attempt = attemptAt(repository, `looking at ${repository.slug}`, "Metadata: read");
  try {
    const answer = await repository.client.attempt(attempt, call, (failure, cause) =>
      failure.kind === "answer" && unanswered.includes(failure.status) ? new Refused(failure.status, cause) : null,
    );
    return { kind: "answered", answer };
  } catch (error) {
    if (error instanceof Refused) return { kind: "refused", status: error.status };
    throw error;
  }
}

/** Classic tokens carry their scopes in every answer, an App's say what they were given; of others it is tried. */
async function identityOf(
  repository: Repository,
  scopes: string | undefined,
  permissions: ReadinessOptions["permissions"],
): Promise<Identity> {
  if (permissions !== null) return { kind: "app", permissions: await permissions() };
  if (scopes !== undefined) {
    return { kind: "scopes", scopes: scopes.split(",").map((scope) => scope.trim()) };
  }
  const [contents, pullRequests] = await Promise.all([mayCommit(repository), mayPropose(repository)]);
  return { kind: "probed", contents, pullRequests };
}

/** A branch on a commit that cannot be there: who may write is told so (422), who may not is told that (403). */
async function mayCommit(repository: Repository): Promise<Seen<boolean>> {
  const { owner, name: repo } = repository;
  const ref = "refs/heads/mmsp/init-check";
  return verdictOf(
    await ask(repository, (octokit) => octokit.rest.git.createRef({ owner, repo, ref, sha: "0".repeat(40) })),
  );
}

/** A pull request of a branch into itself, which GitHub refuses to everybody. */
async function mayPropose(repository: Repository): Promise<Seen<boolean>> {
  const { owner, name: repo, baseBranch } = repository;
  const pull = { owner, repo, head: baseBranch, base: baseBranch, title: "mmsp init --check" };
  return verdictOf(await ask(repository, (octokit) => octokit.rest.pulls.create(pull)));
}

function verdictOf(asked: Asked<unknown>): Seen<boolean> {
  return asked.kind === "refused" ? seen(asked.status === 422) : hidden;
}

async function branchOf(repository: Repository, branch: string): Promise<BranchFacts | null> {
  const { owner, name: repo } = repository;
  const found = await ask(repository, (octokit) => octokit.rest.repos.getBranch({ owner, repo, branch }));
  if (found.kind === "refused" && found.status === 404) return null;
  const [rules, classic, workflow] = await Promise.all([
    rulesOf(repository, branch),
    found.kind === "answered" ? protectionOf(repository, branch, found.answer.data) : hidden,
    workflowOf(repository, branch),
  ]);
  return {
    takesPullRequestsOnly: either(rules, classic, ({ pullRequest }) => pullRequest),
    requiredChecks: checksOf(rules, classic),
    wantsUpToDate: either(rules, classic, ({ upToDate }) => upToDate),
    workflow,
  };
}

/** What one of GitHub's two ways of protecting a branch says; a part of it may be hidden. */
interface Rules {
  readonly pullRequest: Seen<boolean>;
  readonly checks: readonly string[];
  readonly upToDate: Seen<boolean>;
}

/** A rule holds where either of the two has it; it is known not to hold only where both are seen. */
function either(a: Seen<Rules>, b: Seen<Rules>, rule: (rules: Rules) => Seen<boolean>): Seen<boolean> {
  const both = [a, b].map((side) => (side.kind === "seen" ? rule(side.value) : hidden));
  if (both.some((side) => side.kind === "seen" && side.value)) return seen(true);
  return both.every((side) => side.kind === "seen") ? seen(false) : hidden;
}

function checksOf(a: Seen<Rules>, b: Seen<Rules>): Seen<readonly string[]> {
  const known = [a, b].flatMap((side) => (side.kind === "seen" ? side.value.checks : []));
  return known.length > 0 || (a.kind === "seen" && b.kind === "seen") ? seen(known) : hidden;
}

/** Rulesets, of the repository and of its organization; whoever may read may see those that are in force. */
async function rulesOf(repository: Repository, branch: string): Promise<Seen<Rules>> {
  const { owner, name: repo } = repository;
  const asked = await ask(repository, (octokit) =>
    octokit.rest.repos.getBranchRules({ owner, repo, branch, per_page: 100 }),
  );
  if (asked.kind === "refused") return hidden;
  const rules = asked.answer.data;
  const checks = rules.flatMap((rule) =>
    rule.type === "required_status_checks" && rule.parameters ? [rule.parameters] : [],
  );
  return seen({
    pullRequest: seen(rules.some(({ type }) => type === "pull_request")),
    checks: checks.flatMap((rule) => rule.required_status_checks.map(({ context }) => context)),
    upToDate: seen(checks.some((rule) => rule.strict_required_status_checks_policy)),
  });
}

interface BranchAnswer {
  readonly protected: boolean;
  readonly protection?: { readonly required_status_checks?: { readonly contexts?: readonly string[] } };
}

/** Branch protection, the older way: that it is there and its checks are for everybody, the rest for administrators. */
async function protectionOf(repository: Repository, branch: string, shown: BranchAnswer): Promise<Seen<Rules>> {
  if (!shown.protected) return seen({ pullRequest: seen(false), checks: [], upToDate: seen(false) });
  const { owner, name: repo } = repository;
  const checks = shown.protection?.required_status_checks?.contexts ?? [];
  const asked = await ask(repository, (octokit) => octokit.rest.repos.getBranchProtection({ owner, repo, branch }));
  // 404 as well of a branch that only rulesets protect.
  if (asked.kind === "refused")
    return seen({ pullRequest: hidden, checks, upToDate: checks.length === 0 ? seen(false) : hidden });
  const { required_pull_request_reviews: reviews, required_status_checks: required } = asked.answer.data;
  return seen({
    pullRequest: seen(reviews !== undefined),
    checks: [...new Set([...checks, ...(required?.contexts ?? [])])],
    upToDate: seen(required?.strict ?? false),
  });
}

async function workflowOf(repository: Repository, ref: string): Promise<BranchFacts["workflow"]> {
  const { owner, name: repo } = repository;
  const asked = await ask(repository, (octokit) =>
    octokit.rest.repos.getContent({ owner, repo, path: workflowPath, ref }),
  );
  if (asked.kind === "refused") return asked.status === 404 ? seen(null) : hidden;
  const { data } = asked.answer;
  const isFile = !Array.isArray(data) && "content" in data && data.content !== undefined;
  return seen(isFile ? readWorkflow(Buffer.from(data.content ?? "", "base64").toString("utf8")) : null);
}

/** Names only; GitHub shows nobody what is in them. */
async function secretsOf(repository: Repository): Promise<Seen<readonly string[]>> {
  const { owner, name: repo } = repository;
  const list = await ask(repository, (octokit) => octokit.rest.actions.listRepoSecrets({ owner, repo, per_page: 100 }));
  return list.kind === "refused" ? hidden : seen(list.answer.data.secrets.map(({ name }) => name));
}
