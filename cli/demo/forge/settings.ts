/** What an administrator changes of a repository while it is in use. */
import type { BranchRules } from "./rules/rules.ts";
import type { Permission } from "./users.ts";

export interface RepositorySettings {
  name: string;
  /** Calls by these are sent on to where the repository is now. */
  readonly formerNames: string[];
  /** Read-only for everybody. */
  archived: boolean;
  allowAutoMerge: boolean;
  /** By branch. */
  readonly rules: Map<string, BranchRules>;
  /** By login, in the place of what the user came with. */
  readonly permissions: Map<string, Permission>;
}

export function createSettings(name: string): RepositorySettings {
  return { name, formerNames: [], archived: false, allowAutoMerge: false, rules: new Map(), permissions: new Map() };
}
