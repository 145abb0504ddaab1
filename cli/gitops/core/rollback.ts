import type { ModelDeployment, Phase, Rejection } from "../../../schemas/model-deployment.ts";
import { effective, highestAttempt, passedOver, writesDownServed } from "../../../schemas/effective.ts";
import type { Problem } from "../../../schemas/problem.ts";
import type { Plan, PlanState, Refusal, RollbackCommand, Skip } from "./change.ts";
import { standingOfCut } from "../../../schemas/cut.ts";
import { deploymentIn, versionIn } from "./documents.ts";
import { clipEvidence, oneLine } from "../../../schemas/plain-text.ts";
import { rejectionProblems } from "./landing.ts";
import { environmentProblems, modelProblems } from "./names.ts";
import { refusal, refuse, rolloutChange, skip } from "./outcome.ts";
import { goneReason, otherProblem, recentProblem } from "./rollback-meant.ts";
import { standingOf, withRejection } from "./standing.ts";

/** What leaves, and the document to take it out of. */
interface Departure {
  readonly kind: "departure";
  readonly version: number;
  readonly attempt: number;
  readonly phase: Phase;
  readonly from: ModelDeployment;
}

/** Takes a version out and writes down why: the canary, or the stable one for an earlier. Neither lock nor freeze stops it. */
export function planRollback(command: RollbackCommand, state: PlanState): Plan {
  const { environment, model, cut } = command;
  const { tree, now } = state;
  const before = deploymentIn(tree, environment, model);
  if (before === null) return cut ? skip(overReasons(command)["not-served"]) : notDeployed(command, state);

  const departure = cut ? cutDeparture(command, cut, before) : personsDeparture(command, before, now);
  if (departure.kind !== "departure") return departure;
  const { version } = departure;
  const rejection = rejectionOf(command, departure, now);
  const after = withRejection(departure.from, rejection, now);
  if (after === null) return nothingToGoBackTo(command, version);

  const { stable, previous = [] } = after.spec;
  const left =
    previous.length === 0 ? [`version ${stable.version} is the last: there is no earlier one to fall back to`] : [];
  return rolloutChange(tree, {
    verb: "rollback",
    environment,
    version,
    after,
    rejection,
    title: `Roll back ${model} ${version} in ${environment}, version ${stable.version} serves`,
    subject: versionIn(tree, model, version),
    replaces: versionIn(tree, model, stable.version),
    notices: left,
  });
}

/** Exactly the cut's version, as long as git still gives it a place in that attempt. */
function cutDeparture(
  command: RollbackCommand,
  cut: NonNullable<RollbackCommand["cut"]>,
  before: ModelDeployment,
): Departure | Skip {
  const standing = standingOfCut(cut, before);
  if (standing.kind === "over") return skip(overReasons(command)[standing.because]);
  const phase = standing.place === "previous" ? cut.phase : standing.place;
  const known = Math.max(
    standing.attempt ?? 0,
    cut.attempt ?? 0,
    standing.place === "previous" ? idleAttempt(before) : 0,
  );
  const attempt = known === 0 ? highestAttempt(before) : known;
  return { kind: "departure", version: cut.version, attempt, phase, from: before };
}

/**
 * The number of a canary that a merge left in the text though it is not served; 0 for none. Where only an earlier version
 * leaves, nobody else would keep it, and no number is given twice.
 */
function idleAttempt(deployment: ModelDeployment): number {
  return effective(deployment).canary === null ? (deployment.spec.canary?.attempt ?? 0) : 0;
}

/** The canary; where there is none, or `to` names an earlier version, the stable one; the one that was named, or none. */
function personsDeparture(command: RollbackCommand, before: ModelDeployment, now: string): Departure | Skip | Refusal {
  const { environment, model, to, version = null } = command;
  const { stable, canary, previous } = standingOf(before, now);
  const gone = version === null ? null : goneReason(command, before, version);
  if (gone !== null) return skip(gone);
  // Back to what is stable means: without the canary.
  const meansCanary = to === null ? (version ?? canary?.version) === canary?.version : to === stable?.version;
  const leaving = canary !== null && meansCanary ? canary : stable;
  if (leaving === null) return nothingToGoBackTo(command, canary?.version ?? null);
  if (version !== null && leaving.version !== version) return refuse(otherProblem(command, leaving.version));
  if (leaving === canary) {
    return { kind: "departure", version: canary.version, attempt: canary.attempt, phase: "canary", from: before };
  }
  if (to === null && version === null) {
    const unclear =
      staleProblem(command, before, leaving.version, previous) ?? recentProblem(command, before, leaving.version, now);
    if (unclear !== null) return refuse(unclear);
  }
  if (to === leaving.version) return skip(`version ${to} of ${model} is stable in ${environment} already`);
  if (to !== null && !previous.includes(to)) return notPrevious(command, to, before, previous);
  const older = to === null ? previous : previous.slice(previous.indexOf(to));
  const from = { ...before, spec: { ...before.spec, previous: [...older] } };
  return { kind: "departure", version: leaving.version, attempt: leaving.attempt, phase: "stable", from };
}

/**
 * A plan from before a rollback that merged after it leaves the version that was taken out in the text. Who asks for a rollback
 * then may mean that one, which nobody is served by: the good one stays until it is said that it is meant.
 */
function staleProblem(
  { environment, model }: RollbackCommand,
  before: ModelDeployment,
  serving: number,
  previous: readonly number[],
): Problem | null {
  const named = passedOver(before).find(({ as }) => as === "stable" || as === "canary");
  if (named === undefined) return null;
  const [earlier] = previous;
  const said = `the document of ${model} in ${environment} names version ${named.version} as ${named.as}, which is rejected already`;
  const mend = writesDownServed(model, serving, environment);
  const meant =
    earlier === undefined
      ? ""
      : `; mmsp rollback ${model} --to ${earlier} --env ${environment} takes version ${serving} out`;
  return {
    code: "document-stale",
    message: `${said}: version ${serving} serves, and would be taken out`,
    hint: mend + meant,
  };
}

function rejectionOf(command: RollbackCommand, departure: Departure, now: string): Rejection {
  const { by } = command;
  const { version, attempt, phase } = departure;
  const evidence = clipEvidence(Object.entries(command.evidence));
  return {
    version,
    attempt,
    at: now,
    phase,
    by,
    reason: recordedReason(command),
    ...(Object.keys(evidence).length > 0 ? { evidence } : {}),
  };
}

/** What the document says of why. */
export function recordedReason({ by, reason }: RollbackCommand): string {
  return oneLine(reason) || defaultReasons[by];
}

const defaultReasons = {
  person: "rolled back by a person, who gave no reason",
  guard: "the guard found it worse than its objectives",
  alert: "an alert named it",
} as const;

function overReasons({ environment, model, cut }: RollbackCommand) {
  const version = `version ${cut?.version ?? ""} of ${model}`;
  return {
    rejected: `${version} is rejected in ${environment} already`,
    "not-served": `${version} is served nowhere in ${environment}`,
    "newer-attempt": `${version} is served in ${environment} in a later attempt than ${cut?.attempt ?? "the one that was cut"}`,
  } as const;
}

function notDeployed({ environment, model }: RollbackCommand, state: PlanState): Refusal {
  const problems = [...environmentProblems(state, environment), ...modelProblems(state, model)];
  const message = `${model} is not deployed in ${environment}`;
  const hint = "there is nothing to roll back; mmsp status shows where it runs";
  return refusal(problems) ?? refuse({ code: "not-deployed", message, hint });
}

/** `serving`: the version that answers, and has to go on; null: none does, for all are rejected. */
function nothingToGoBackTo({ environment, model }: RollbackCommand, serving: number | null): Refusal {
  const until = serving === null ? "nothing serves until then" : `version ${serving} stays until then`;
  return refuse({
    code: "nothing-to-go-back-to",
    message: `${model} in ${environment} has no earlier stable version that is not rejected`,
    hint: `deploy another one (mmsp deploy ${model} --version N --env ${environment}) and promote it; ${until}`,
  });
}

function notPrevious(
  { environment, model }: RollbackCommand,
  to: number,
  before: ModelDeployment,
  previous: readonly number[],
): Refusal {
  const rejected = refusal(rejectionProblems(before, environment, to));
  if (rejected) return rejected;
  const earlier = previous.length === 0 ? "there is none" : `these were: ${previous.join(", ")}`;
  return refuse({
    code: "version-not-previous",
    message: `version ${to} of ${model} is no earlier stable version in ${environment}`,
    hint: `${earlier}; mmsp deploy ${model} --version ${to} --env ${environment} brings any other`,
  });
}
