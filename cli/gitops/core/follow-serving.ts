import { formatProblem, type Problem } from "../../../schemas/problem.ts";
import { effective } from "../../../schemas/effective.ts";
import type { ModelDeployment } from "../../../schemas/model-deployment.ts";
import type { Step } from "./follow.ts";
import type { GatewayStatus } from "./gateway-status.ts";

/** What the base branch says that an environment serves of a model; null: nothing. */
export interface Expected {
  readonly environment: string;
  readonly model: string;
  readonly deployment: ModelDeployment | null;
}

/** Whether a gateway serves what git says; null where it gave no answer. */
export function judgeServing(expected: Expected, state: GatewayStatus | null): Step<{ readonly says: string }> {
  const { environment, model, deployment } = expected;
  if (state === null) return { kind: "wait", says: "merged; the gateway does not answer" };
  if (state.environment !== environment) return { kind: "stop", problem: otherEnvironment(environment, state) };
  const wanted = deployment === null ? { stable: null, canary: null } : effective(deployment);
  const { canary } = wanted;
  const cut = state.cuts.find(
    // A cut of an earlier attempt is over as soon as the gateway has seen this one.
    (entry) => entry.model === model && entry.version === canary?.version && entry.attempt === canary.attempt,
  );
  if (cut !== undefined) return { kind: "stop", problem: taken(expected, cut) };
  const served = state.models.find((entry) => entry.model === model);
  const isServed =
    (served?.stable?.version ?? null) === (wanted.stable?.version ?? null) &&
    (served?.canary?.version ?? null) === (wanted.canary?.version ?? null) &&
    (served?.canary?.weight ?? null) === (wanted.canary?.weight ?? null);
  if (isServed) return { kind: "arrived", says: shares(wanted) };
  const complaint = state.problems.find(({ file = "" }) => file.includes(`/${model}/`));
  if (complaint === undefined) return { kind: "wait", says: "merged; waiting for the gateway to serve it" };
  return {
    kind: "wait",
    says: `merged; the gateway cannot serve it yet: ${formatProblem(complaint).split("\n")[0] ?? ""}`,
  };
}

function shares({ stable, canary }: Pick<ReturnType<typeof effective>, "stable" | "canary">): string {
  if (stable === null) return "nothing is served";
  const main = `version ${stable.version}`;
  return canary === null ? main : `${main}, version ${canary.version} as a canary at ${canary.weight} %`;
}

function otherEnvironment(environment: string, state: GatewayStatus): Problem {
  return {
    code: "gateway-elsewhere",
    message: `the gateway at the address of ${environment} serves ${state.environment}`,
    hint: `correct spec.addresses.gateway in environments/${environment}/environment.yaml; the pull request is merged`,
  };
}

function taken({ environment, model }: Expected, { version, reason }: GatewayStatus["cuts"][number]): Problem {
  return {
    code: "version-cut",
    message: `the gateway took version ${version} of ${model} out of ${environment} again: ${reason}`,
    hint: "a rollback is on its way into git; see the gateway's /status, and mmsp status",
  };
}
