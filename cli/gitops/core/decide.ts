import type { Cut } from "../../../schemas/cut.ts";
import type { ModelDeployment, Phase } from "../../../schemas/model-deployment.ts";
import { effective } from "../../../schemas/effective.ts";
import { durationMs } from "../../../schemas/defaults.ts";
import { standingOfCut, underCuts } from "../../../schemas/cut.ts";
import { clipEvidence, oneLine } from "../../../schemas/plain-text.ts";

/** Somebody says that a version is bad. */
export interface Accusation {
  readonly by: "guard" | "alert";
  readonly model: string;
  readonly version: number;
  /** null: not said, so every environment is meant. */
  readonly environment: string | null;
  /** What the alert asks for; null: not said. */
  readonly action: string | null;
  readonly status: "firing" | "resolved";
  /** RFC 3339; null: not said. */
  readonly startsAt: string | null;
  readonly reason: string;
  readonly evidence: Readonly<Record<string, string>>;
}

/** What this gateway knows when it is asked. Each null means unknown, and unknown never excuses a version. */
export interface ServingView {
  readonly environment: string;
  /** What git says of the accused model; null where it says nothing. */
  readonly deployment: ModelDeployment | null;
  /** Open cuts; those of other models and environments do no harm. */
  readonly cuts: readonly Cut[];
  /** RFC 3339: the first time that this gateway served the version in that phase of its present attempt. */
  readonly firstServed: (version: number, phase: Phase) => string | null;
  /** Attempts at the version that were counted so far. */
  readonly requests: (version: number) => number | null;
  readonly minRequests: number;
  /** RFC 3339: automatic rollbacks of stable versions of this model. */
  readonly stableRollbacks: readonly string[];
  /** RFC 3339, UTC. */
  readonly now: string;
}

type IgnoreCode =
  | "resolved"
  | "other-action"
  | "other-environment"
  | "model-unknown"
  | "already-rejected"
  | "already-cut"
  | "not-served"
  | "automatic-off"
  | "too-little-data"
  | "alert-too-old"
  | "stable-too-long"
  | "second-in-a-day";

export type Decision =
  | { readonly kind: "act"; readonly cut: Cut }
  | { readonly kind: "ignore"; readonly code: IgnoreCode; readonly reason: string }
  /** Nothing is cut, and a person has to hear of it. */
  | { readonly kind: "tell"; readonly code: "nothing-left"; readonly reason: string };

const dayMs = 86_400_000;

/** Whether a version loses its traffic now. Open cuts count as rejections: what is judged is what is served. */
export function decide(accusation: Accusation, view: ServingView): Decision {
  const { model, version, by } = accusation;
  const addressed = notForUs(accusation, view);
  if (addressed !== null) return addressed;
  const { deployment, environment } = view;
  if (deployment === null || deployment.spec.model !== model) {
    return ignore("model-unknown", `${environment} serves no model "${model}"`);
  }
  const settled = alreadyOut(version, view, deployment);
  if (settled !== null) return settled;

  const served = underCuts(
    deployment,
    view.cuts.filter((cut) => cut.environment === environment),
  );
  const place = placeOf(served, version);
  if (place === null) return ignore("not-served", `version ${version} of ${model} gets no traffic in ${environment}`);
  if (deployment.spec.rollback?.automatic === false) {
    return ignore("automatic-off", `spec.rollback.automatic of ${model} in ${environment} is false`);
  }
  const excused = tooEarly(accusation, view, place.phase) ?? stableExcuse(view, deployment, version, place.phase);
  if (excused !== null) return excused;

  const reason = oneLine(accusation.reason) || `${by === "guard" ? "the guard" : "an alert"} named it`;
  const evidence = clipEvidence(Object.entries(accusation.evidence));
  const cut: Cut = { environment, model, version, ...place, by, reason, evidence, at: view.now };
  if (effective(underCuts(served, [cut])).stable === null) {
    const message = `version ${version} of ${model} is bad (${reason}), but no other could serve in ${environment}`;
    return { kind: "tell", code: "nothing-left", reason: message };
  }
  return { kind: "act", cut };
}

function ignore(code: IgnoreCode, reason: string): Decision {
  return { kind: "ignore", code, reason };
}

/** Alertmanager's resolved alerts, alerts for somebody else, alerts that ask for something else. */
function notForUs({ status, action, environment }: Accusation, view: ServingView): Decision | null {
  if (status === "resolved") return ignore("resolved", "the alert is resolved");
  if (action !== null && action !== "rollback") {
    return ignore("other-action", `the alert asks for "${oneLine(action)}", not for a rollback`);
  }
  if (environment !== null && environment !== view.environment) {
    return ignore("other-environment", `the alert is about ${oneLine(environment)}, this is ${view.environment}`);
  }
  return null;
}

function alreadyOut(version: number, view: ServingView, deployment: ModelDeployment): Decision | null {
  const { model, rejected = [] } = deployment.spec;
  if (rejected.some((entry) => entry.version === version)) {
    return ignore("already-rejected", `version ${version} of ${model} is rejected in git already`);
  }
  const cut = view.cuts.find(
    (candidate) =>
      candidate.environment === view.environment &&
      candidate.model === model &&
      candidate.version === version &&
      standingOfCut(candidate, deployment).kind === "open",
  );
  return cut
    ? ignore("already-cut", `version ${version} of ${model} was cut at ${cut.at} already: ${cut.reason}`)
    : null;
}

function placeOf(served: ModelDeployment, version: number): Pick<Cut, "phase" | "attempt"> | null {
  const { stable, canary } = effective(served);
  if (canary?.version === version) return { phase: "canary", attempt: canary.attempt };
  return stable?.version === version ? { phase: "stable", attempt: stable.attempt } : null;
}

/** Too few attempts for any verdict, or an alert from before this version served in this phase. */
function tooEarly({ by, version, startsAt }: Accusation, view: ServingView, phase: Phase): Decision | null {
  const requests = view.requests(version);
  if (requests !== null && requests < view.minRequests) {
    const seen = `version ${version} has had ${requests} requests`;
    return ignore("too-little-data", `${seen}, a verdict needs ${view.minRequests}`);
  }
  const first = view.firstServed(version, phase);
  if (by === "alert" && startsAt !== null && first !== null && Date.parse(startsAt) < Date.parse(first)) {
    return ignore(
      "alert-too-old",
      `the alert is from ${startsAt}; version ${version} serves as ${phase} since ${first}`,
    );
  }
  return null;
}

/** A stable version that has proved itself, or a second stable one within a day: a person should look. */
function stableExcuse(view: ServingView, deployment: ModelDeployment, version: number, phase: Phase): Decision | null {
  if (phase !== "stable") return null;
  const now = Date.parse(view.now);
  const { rollback, rejected = [] } = deployment.spec;
  const first = view.firstServed(version, phase);
  if (rollback?.window !== undefined && first !== null && now - Date.parse(first) > durationMs(rollback.window)) {
    return ignore("stable-too-long", `version ${version} is stable since ${first}, longer than ${rollback.window}`);
  }
  const automatic = [...view.cuts, ...rejected].filter((entry) => entry.phase === "stable" && entry.by !== "person");
  const ours = automatic.filter((entry) => !("model" in entry) || isOurs(entry, view, deployment));
  const times = [...view.stableRollbacks, ...ours.map((entry) => entry.at)];
  const last = times.toSorted().findLast((time) => now - Date.parse(time) < dayMs);
  if (last === undefined) return null;
  return ignore(
    "second-in-a-day",
    `a stable version was rolled back automatically at ${last}; a second within 24 h is for a person`,
  );
}

function isOurs(cut: Cut, view: ServingView, deployment: ModelDeployment): boolean {
  return cut.environment === view.environment && cut.model === deployment.spec.model;
}
