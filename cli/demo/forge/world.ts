/** What every route and resolver works on: one repository, its pull requests, and where it is served. */
import type { AppStore } from "./apps/store.ts";
import type { StatusStore } from "./checks/store.ts";
import type { Repository } from "./git/repository.ts";
import type { PullStore } from "./pulls/store.ts";
import type { ForgeUser, Users } from "./users.ts";

export interface World {
  readonly owner: string;
  readonly repo: string;
  readonly repository: Repository;
  readonly pulls: PullStore;
  readonly statuses: StatusStore;
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

/** Whether a call names the repository that is served; GitHub does not look at upper and lower case. */
export function isServed(world: World, owner: string, repo: string): boolean {
  return owner.toLowerCase() === world.owner.toLowerCase() && repo.toLowerCase() === world.repo.toLowerCase();
}
