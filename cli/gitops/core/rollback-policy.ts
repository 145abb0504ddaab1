import type { Environment } from "../../../schemas/environment.ts";

/** How automatic rollbacks get into git in an environment. */
export interface RollbackPolicy {
  readonly as: "commit" | "pull-request" | "dispatch";
  /** Their pull requests merge by themselves once the branch's rules are met. */
  readonly autoMerge: boolean;
}

/**
 * The environment's `publish`, with its defaults: a commit, and auto-merge everywhere but in an environment named prod.
 * `policy`: null while its document could not be read.
 */
export function rollbackPolicyOf(environment: string, policy: Pick<Environment, "spec"> | null): RollbackPolicy {
  const { rollback = "commit", autoMerge = environment !== "prod" } = policy?.spec.publish ?? {};
  return { as: rollback, autoMerge };
}
