import type { Problem } from "../../../schemas/problem.ts";
import type { GatewayAnswer } from "./gateway-status.ts";

/** What the gateway of an environment says that it serves, as its `/status` has it. */
export interface LiveEnvironment {
  readonly environment: string;
  readonly address: string;
  /** What it has read last: a commit, or a digest of files; null where it does not answer. */
  readonly revision: string | null;
  readonly models: readonly LiveModel[];
  /** What is wrong there: documents and models that it could not take, and how it was started. */
  readonly problems: readonly Problem[];
  /** Why there is no answer; null where there is one. */
  readonly error: string | null;
}

export interface LiveModel {
  readonly model: string;
  readonly stable: number | null;
  readonly canary: { readonly version: number; readonly weight: number } | null;
  /** Versions that get no traffic, whatever git says so far. */
  readonly cuts: readonly { readonly version: number; readonly by: string; readonly reason: string }[];
  /** The guard's judgement of the canary, with the counts behind it; null where it has none. */
  readonly guard: string | null;
}

/** What people look at of a gateway's answer. One that does not answer is told as such: what git says is worth showing all the same. */
export function liveOf(environment: string, address: string, answer: GatewayAnswer): LiveEnvironment {
  if ("error" in answer) return { environment, address, revision: null, models: [], problems: [], error: answer.error };
  const { revision, cuts, problems } = answer;
  const models = answer.models.map(({ model, stable, canary, guard }): LiveModel => {
    const own = cuts.filter((cut) => cut.model === model).map(({ version, by, reason }) => ({ version, by, reason }));
    return { model, stable: stable?.version ?? null, canary, cuts: own, guard };
  });
  return { environment, address, revision, models, problems, error: null };
}
