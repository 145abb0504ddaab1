import { parseManifest } from "../../schemas/document.ts";
import { validateEnvironment, validateModelDeployment } from "../../schemas/kinds.ts";
import type { Problem } from "../../schemas/problem.ts";
import { paths } from "../../schemas/tree.ts";
import { judgePull, type PullState } from "./core/follow.ts";
import { judgeServing, type Expected } from "./core/follow-serving.ts";
import type { GatewayStatus } from "./core/gateway-status.ts";
import type { Forge } from "./core/ports.ts";
import { createPace, patiently, type Pace, type PaceParts } from "./follow-pace.ts";

/** What is followed: a pull request, or a commit that is on the base branch already. */
export interface Followed {
  readonly pull: number | null;
  /** Whose gateway is asked in the end; null: the branch of the pull request says it, or there is none (a registration). */
  readonly environment: string | null;
  readonly model: string | null;
}

export interface FollowParts extends PaceParts {
  readonly forge: Pick<Forge, "pull" | "read">;
  /** null: no answer. */
  readonly gateway: (address: string) => Promise<GatewayStatus | null>;
  /** What is awaited now; called after every look. */
  readonly tell: (says: string) => void;
}

/** Where the waiting ended. */
export type FollowEnd =
  | { readonly kind: "merged"; readonly commit: string | null; readonly served: Served | null }
  | { readonly kind: "stopped"; readonly commit: string | null; readonly problem: Problem };

interface Served {
  /** Address of the gateway that serves it. */
  readonly gateway: string;
  readonly says: string;
}

/**
 * Follows a change until it is merged, and then until the gateway that the environment's `addresses.gateway` names serves what
 * the base branch says of the model. One call a look. A server that is away for a while is waited for; what the person has to
 * mend is thrown as by any call. Argo CD's state belongs between the two looks, where an environment names it.
 */
export async function followChange(followed: Followed, parts: FollowParts): Promise<FollowEnd> {
  const pace = createPace(parts);
  let { environment, model } = followed;
  let commit: string | null = null;
  if (followed.pull !== null) {
    const merged = await untilMerged(followed.pull, parts, pace);
    if (merged.kind === "stopped") return { ...merged, commit };
    ({ commit } = merged);
    const named = targetOf(merged.branch);
    environment ??= named.environment;
    model ??= named.model;
  }
  if (environment === null || model === null) return { kind: "merged", commit, served: null };
  return untilServed({ pull: followed.pull, environment, model, commit }, parts, pace);
}

type Merged =
  | { readonly kind: "merged"; readonly commit: string | null; readonly branch: string }
  | { readonly kind: "stopped"; readonly problem: Problem };

async function untilMerged(number: number, { forge, tell }: FollowParts, pace: Pace): Promise<Merged> {
  let says = "GitHub does not answer";
  do {
    const pull = await patiently(() => forge.pull(number));
    if (pull !== null) {
      const step = judgePull(pull);
      if (step.kind === "stop") return { kind: "stopped", problem: step.problem };
      if (step.kind === "arrived") return { kind: "merged", commit: step.commit, branch: pull.branch };
      ({ says } = step);
    }
    tell(says);
  } while (await pace.next(says));
  return { kind: "stopped", problem: pace.tooLong(`pull request #${number} is still open: ${says}`, waitFor(number)) };
}

interface Target {
  readonly pull: number | null;
  readonly environment: string;
  readonly model: string;
  readonly commit: string | null;
}

async function untilServed(target: Target, parts: FollowParts, pace: Pace): Promise<FollowEnd> {
  const { pull, environment, model, commit } = target;
  const { forge, gateway, tell } = parts;
  let expected: (Expected & { readonly address: string | null }) | null = null;
  let says = "merged; GitHub does not answer";
  let revision = "";
  do {
    expected ??= await patiently(() => readExpected(target, forge));
    if (expected !== null) {
      const { address } = expected;
      if (address === null) return { kind: "merged", commit, served: null };
      const state = await gateway(address);
      const step = judgeServing(expected, state);
      if (step.kind === "arrived") return { kind: "merged", commit, served: { gateway: address, says: step.says } };
      if (step.kind === "stop") return { kind: "stopped", commit, problem: step.problem };
      ({ says } = step);
      // A newer commit may ask for something else by now.
      if (state !== null && revision !== "" && state.revision !== revision) expected = null;
      revision = state?.revision ?? revision;
    }
    tell(says);
  } while (await pace.next(says));
  // Never the command itself: it may have a next step, or a version before this one, to go to by now.
  const look = `\`mmsp status ${model} --env ${environment} --live\` tells what it serves by now`;
  return { kind: "stopped", commit, problem: pace.tooLong(says, pull === null ? look : waitFor(pull)) };
}

async function readExpected({ environment, model }: Target, forge: FollowParts["forge"]) {
  const { files } = await forge.read({ models: [model], environments: [environment] });
  const text = (path: string): string => files.get(path) ?? "";
  const [policyPath, path] = [paths.environment(environment), paths.deployment(environment, model)];
  const policy = parseManifest(policyPath, text(policyPath), validateEnvironment).value;
  const deployment = files.has(path) ? parseManifest(path, text(path), validateModelDeployment).value : null;
  return { environment, model, deployment, address: policy?.spec.addresses?.gateway ?? null };
}

/** Environment and model of one of mmsp's own branches: `mmsp/dev/fraud/deploy-3`. `_all` is no model, but many. */
function targetOf(branch: PullState["branch"]): { readonly environment: string | null; readonly model: string | null } {
  const [, environment, model] = /^mmsp\/([^/]+)\/([^/_][^/]*)\/[^/]+$/.exec(branch) ?? [];
  if (environment === undefined || model === undefined || environment === "registry") {
    return { environment: null, model: null };
  }
  return { environment, model };
}

function waitFor(number: number): string {
  return `\`mmsp wait ${number}\` goes on waiting`;
}
