import { passedOver } from "../../../schemas/effective.ts";
import type { ModelDeployment } from "../../../schemas/model-deployment.ts";
import type { ModelVersion } from "../../../schemas/model-version.ts";
import type { Problem } from "../../../schemas/problem.ts";
import type { Tree } from "../../../schemas/tree.ts";
import type { Change, Plan, Refusal, Skip } from "./change.ts";
import { deploymentChanges, deploymentIn } from "./documents.ts";
import { sharesOf } from "./standing.ts";

export function skip(reason: string): Skip {
  return { kind: "skip", reason };
}

/** Refuses with all problems; null when there are none, so that planners can go on. */
export function refusal(problems: readonly Problem[]): Refusal | null {
  const [first, ...rest] = problems;
  return first === undefined ? null : { kind: "refusal", problems: [first, ...rest] };
}

export function refuse(problem: Problem): Refusal {
  return { kind: "refusal", problems: [problem] };
}

/** What planners of deploy, promote and rollback know; the rest of a change follows from the documents. */
export interface Rollout {
  readonly verb: Exclude<Change["verb"], "register">;
  readonly environment: string;
  readonly version: number;
  readonly after: ModelDeployment;
  readonly title: string;
  readonly subject: ModelVersion | null;
  readonly replaces: ModelVersion | null;
  readonly artifacts?: Change["artifacts"];
  readonly rejection?: Change["rejection"];
  readonly notices?: readonly string[];
  /** The branch of an open proposal to add to, instead of an own one. */
  readonly branch?: string | undefined;
}

/** A change of what one environment serves of one model; a skip where the documents say all of it already. */
export function rolloutChange(tree: Tree, rollout: Rollout): Plan {
  const { verb, environment, version, after, title, subject, replaces } = rollout;
  const { model } = after.spec;
  const before = deploymentIn(tree, environment, model);
  const documents = deploymentChanges(tree, environment, after);
  if (documents.length === 0) return skip(`${environment} says so of ${model} already`);
  return {
    kind: "change",
    verb,
    environment,
    model,
    version,
    title,
    documents,
    subject,
    replaces,
    branch: rollout.branch ?? `mmsp/${environment}/${model}/${verb}-${version}`,
    artifacts: rollout.artifacts ?? [],
    traffic: { before: sharesOf(before), after: sharesOf(after) },
    rejection: rollout.rejection ?? null,
    notices: [...mendedNotice(before, after), ...(rollout.notices ?? [])],
  };
}

/** A stale plan may have merged over a rollback; the next change writes down what is served, and says so. */
function mendedNotice(before: ModelDeployment | null, after: ModelDeployment): readonly string[] {
  const said = before === null ? undefined : passedOver(before).find(({ as }) => as === "stable")?.version;
  if (said === undefined || after.spec.stable.version === said) return [];
  return [`the document named version ${said}, which is rejected, as stable; it now says what is served`];
}
