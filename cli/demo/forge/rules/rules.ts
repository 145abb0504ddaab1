/** What a branch demands of a change, in the two generations of GitHub's rules. */
import type { ForgeUser } from "../users.ts";

export interface BranchRules {
  /** They refuse the same in other words, and are shown by other calls. */
  readonly as: "ruleset" | "protection";
  /** Changes come through pull requests only, approved by so many; `dismissStale`: anew after other commits. */
  readonly pullRequest?: { readonly approvals: number; readonly dismissStale?: boolean };
  /** What has to have succeeded on a commit; `strict`: and the branch was up to date with its base. */
  readonly checks?: { readonly contexts: readonly string[]; readonly strict: boolean };
  /** Logins that need not keep any of it. */
  readonly bypass?: readonly string[];
}

/** The rules of a branch that hold for a user; without a user, those that it has at all. */
export function rulesFor(
  rules: ReadonlyMap<string, BranchRules>,
  branch: string,
  user?: ForgeUser,
): BranchRules | undefined {
  const found = rules.get(branch);
  return user !== undefined && found?.bypass?.includes(user.login) ? undefined : found;
}
