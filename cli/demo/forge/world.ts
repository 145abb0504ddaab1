/** What every route and resolver works on: one repository, its pull requests, and where it is served. */
import type { AppStore } from "./apps/store.ts";
import type { CheckRunStore } from "./checks/runs.ts";
import type { StatusStore } from "./checks/store.ts";
import type { Repository } from "./git/repository.ts";
import type { RepositorySettings } from "./settings.ts";
import type { PullStore } from "./pulls/store.ts";
import { Refusal } from "./fault.ts";
import { forbiddenMessage, mayWrite, type ForgeUser, type Users } from "./users.ts";

export interface World {
  readonly owner: string;
  /** Its name now. */
  readonly repo: string;
  readonly settings: RepositorySettings;
  readonly repository: Repository;
  readonly pulls: PullStore;
  readonly statuses: StatusStore;
  readonly checkRuns: CheckRunStore;
  readonly users: Users;
  /** A GitHub App that may ask for tokens; null where there is none. */
  readonly app: AppStore | null;
  /** Commits that GitHub would have signed: what it commits itself for people and for Apps. */
  readonly signed: Set<string>;
  /** Where the pages would be: `http://127.0.0.1:PORT`. */
  readonly origin: string;
  /** Where REST is: `<origin>/api/v3`. */
  readonly apiUrl: string;
  readonly createdAt: Date;
  now(): Date;
}

/** A served call's world and caller. */
export interface Scope {
  readonly world: World;
  readonly user: ForgeUser;
}

export function repoApiUrl(world: World): string {
  return `${world.apiUrl}/repos/${world.owner}/${world.repo}`;
}

export function repoPageUrl(world: World): string {
  return `${world.origin}/${world.owner}/${world.repo}`;
}

/** The only repository's number, which stays when its name changes. */
export const REPOSITORY_ID = 1;

/** Whether a call names the repository that is served, by today's name or one from before. */
export function isServed(world: World, owner: string, repo: string): boolean {
  return isNow(world, owner, repo) || isFormer(world, owner, repo);
}

/** GitHub does not look at upper and lower case. */
function isNow(world: World, owner: string, repo: string): boolean {
  return owner.toLowerCase() === world.owner.toLowerCase() && repo.toLowerCase() === world.repo.toLowerCase();
}

/** Whether this is a name that the repository had, and REST answers with where it is now. */
export function isFormer(world: World, owner: string, repo: string): boolean {
  const { formerNames } = world.settings;
  if (owner.toLowerCase() !== world.owner.toLowerCase() || isNow(world, owner, repo)) return false;
  return formerNames.some((name) => name.toLowerCase() === repo.toLowerCase());
}

/** Throws where the caller may not write, or nobody may. */
export function refuseWrites({ settings }: World, user: ForgeUser): void {
  if (user.permission === "none") throw new Refusal("not-found", "Not Found");
  if (!mayWrite(user)) throw new Refusal("forbidden", forbiddenMessage(user));
  if (settings.archived) throw new Refusal("archived", "Repository was archived so is read-only.");
}
