import type { Problem } from "../../schemas/problem.ts";
import { paths } from "../../schemas/tree.ts";
import type { ArgoCd } from "./core/argocd-port.ts";
import type { Applied } from "./core/follow-applied.ts";
import { behindBranch } from "./core/behind-branch.ts";
import { judgePull, type PullState } from "./core/follow.ts";
import type { GatewayStatus } from "./core/gateway-status.ts";
import type { Forge } from "./core/ports.ts";
import { untilApplied } from "./follow-applied.ts";
import { createPace, patiently, type Pace, type PaceParts } from "./follow-pace.ts";
import { readExpected, untilServed, type Served, type Target } from "./follow-served.ts";

/** What is followed: a pull request, or a commit that is on the base branch already. */
export interface Followed {
  readonly pull: number | null;
  /** Whose Argo CD and gateway are asked in the end; null: the pull request says it, or there is none (a registration). */
  readonly environment: string | null;
  readonly model: string | null;
  /** On the base branch already; null: the pull request says it. */
  readonly commit: string | null;
}

export interface FollowParts extends PaceParts {
  readonly forge: Pick<Forge, "pull" | "read" | "changedFiles">;
  readonly remote: { readonly repository: string; readonly baseBranch: string };
  /** The Argo CD at an address. */
  readonly argocd: (address: string) => Promise<ArgoCd>;
  /** null: no answer. */
  readonly gateway: (address: string) => Promise<GatewayStatus | null>;
  /** What is awaited now; called after every look. */
  readonly tell: (says: string) => void;
}

/** Where the waiting ended. */
export type FollowEnd =
  | MergedEnd
  | { readonly kind: "stopped"; readonly commit: string | null; readonly problem: Problem };

export interface MergedEnd {
  readonly kind: "merged";
  readonly commit: string | null;
  /** What Argo CD says; null where the environment names none, or nothing goes there. */
  readonly applied: readonly Applied[] | null;
  readonly served: Served | null;
}

/**
 * Follows a change until it is merged, then until the Argo CD that the environment's `addresses.argocd` names has applied it, and
 * then until the gateway of `addresses.gateway` serves what the base branch says of the models. A server that is away for a
 * while is waited for; what a person has to mend at GitHub is thrown as by any call.
 */
export async function followChange(followed: Followed, parts: FollowParts): Promise<FollowEnd> {
  const pace = createPace(parts);
  let { commit } = followed;
  let target = named(followed);
  if (followed.pull !== null) {
    const merged = await untilMerged(followed.pull, parts, pace);
    if (merged.kind === "stopped") return { ...merged, commit };
    ({ commit } = merged);
    const found = target ?? (await targetOf(merged.branch, followed.pull, parts, pace));
    if (found === "unknown") {
      return { kind: "stopped", commit, problem: pace.tooLong(githubAway, waitFor(followed.pull)) };
    }
    target = found;
  }
  if (target === null) return { kind: "merged", commit, applied: null, served: null };
  return untilThere({ ...target, pull: followed.pull, commit }, parts, pace);
}

type Merged =
  | { readonly kind: "merged"; readonly commit: string | null; readonly branch: string }
  | { readonly kind: "stopped"; readonly problem: Problem };

async function untilMerged(number: number, { forge, tell }: FollowParts, pace: Pace): Promise<Merged> {
  let says = "GitHub does not answer";
  let seen = false;
  do {
    const pull = await patiently(() => forge.pull(number));
    if (pull !== null) {
      seen = true;
      const step = judgePull(pull);
      if (step.kind === "stop") return stoppedAt(pull, step.problem, forge);
      if (step.kind === "arrived") return { kind: "merged", commit: step.commit, branch: pull.branch };
      ({ says } = step);
    }
    tell(says);
  } while (await pace.next(says));
  const what = seen
    ? `pull request #${number} is still open: ${says}`
    : `nothing is known of pull request #${number}: ${says}`;
  return { kind: "stopped", problem: pace.tooLong(what, waitFor(number)) };
}

/** With what the base branch has come to say of the version: another try is then no use. Where it does not answer, without. */
async function stoppedAt(pull: PullState, problem: Problem, forge: FollowParts["forge"]): Promise<Merged> {
  const rollout = behindBranch(pull)?.rollout ?? null;
  if (rollout === null || problem.code === "check-failed") return { kind: "stopped", problem };
  const { environment, model, version } = rollout;
  const there = await patiently(() => readExpected({ environment, models: [model] }, forge));
  const rejection = there?.models[0]?.deployment?.spec.rejected?.findLast((entry) => entry.version === version);
  const step = judgePull(pull, rejection);
  return { kind: "stopped", problem: step.kind === "stop" ? step.problem : problem };
}

const githubAway = "merged; GitHub does not answer";

type Awaited = Target & { readonly pull: number | null; readonly commit: string | null };

/** From the merge to where it is served, as far as the environment names who can be asked. */
async function untilThere(target: Awaited, parts: FollowParts, pace: Pace): Promise<FollowEnd> {
  const { pull, commit, environment } = target;
  const { repository, baseBranch: base } = parts.remote;
  const goOn = pull === null ? look(target) : waitFor(pull);
  const expected = await answered(() => readExpected(target, parts.forge), githubAway, parts.tell, pace);
  if (expected === null) return { kind: "stopped", commit, problem: pace.tooLong(githubAway, goOn) };
  const { argocd, gateway } = expected.addresses;
  let applied: readonly Applied[] | null = null;
  if (argocd !== undefined && expected.folders.length > 0) {
    const folders = expected.folders.map((model) => ({ repository, base, environment, model }));
    const applying = { ...parts, open: () => parts.argocd(argocd) };
    const end = await untilApplied({ folders, commit }, applying, pace, goOn);
    if (end.kind === "stopped") return { ...end, commit };
    applied = end.applications;
  }
  if (gateway === undefined) return { kind: "merged", commit, applied, served: null };
  const end = await untilServed(target, { ...parts, gateway, expected, ask: parts.gateway }, pace, goOn);
  return end.kind === "stopped" ? { ...end, commit } : { kind: "merged", commit, applied, served: end.served };
}

/** Never the command itself: it may have a next step, or a version before this one, to go to by now. */
function look({ environment, models }: Target): string {
  const model = models?.length === 1 ? `${models[0]} ` : "";
  return `\`mmsp status ${model}--env ${environment} --live\` tells what it serves by now`;
}

/** The answer to what is asked until there is one; null where the time is over. */
async function answered<T>(
  ask: () => Promise<T>,
  says: string,
  tell: FollowParts["tell"],
  pace: Pace,
): Promise<T | null> {
  do {
    const answer = await patiently(ask);
    if (answer !== null) return answer;
    tell(says);
  } while (await pace.next(says));
  return null;
}

function named({ environment, model }: Followed): Target | null {
  return environment === null || model === null ? null : { environment, models: [model] };
}

/** More files of a pull request are not told in one call. */
const longestList = 100;

/**
 * Environment and models of one of mmsp's own branches: `mmsp/dev/fraud/deploy-3`, or `mmsp/dev/_all/promote-0a1b2c3d` of the
 * models whose folders it changes; where these are too many to be told, of all. Null of another branch, and of a registration;
 * `unknown` where the time is over before GitHub answers.
 */
async function targetOf(
  branch: PullState["branch"],
  number: number,
  { forge, tell }: FollowParts,
  pace: Pace,
): Promise<Target | "unknown" | null> {
  const [, environment, model] = /^mmsp\/([^/]+)\/(_all|[^/_][^/]*)\/[^/]+$/.exec(branch) ?? [];
  if (environment === undefined || model === undefined || environment === "registry") return null;
  if (model !== "_all") return { environment, models: [model] };
  const changed = await answered(() => forge.changedFiles([number]), githubAway, tell, pace);
  if (changed === null) return "unknown";
  const files = changed.get(number) ?? [];
  if (files.length >= longestList) return { environment, models: null };
  const folder = paths.deploymentFolder(environment, "");
  const models = files
    .filter((file) => file.startsWith(folder))
    .map((file) => file.slice(folder.length).split("/")[0] ?? "");
  return models.length === 0 ? null : { environment, models: [...new Set(models)].toSorted() };
}

function waitFor(number: number): string {
  return `\`mmsp wait ${number}\` goes on waiting`;
}
