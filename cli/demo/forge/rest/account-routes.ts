/** The caller, the repository, and how many calls are left. */
import { Refusal } from "../fault.ts";
import { timestamp } from "../git/parse.ts";
import { defaultBranch } from "../git/repository.ts";
import { accountOf, forbiddenMessage } from "../users.ts";
import { fullRepository, simpleUser } from "./represent-repository.ts";
import { ok, route, type Route } from "./router.ts";

/** GitHub's limit for a person's token. It is reported, not enforced. */
const HOURLY_CALLS = 5000;

export const accountRoutes: readonly Route[] = [
  route("GET", "/user", "read", ({ world, user }) => {
    // An installation acts for no person.
    if (user.app) throw new Refusal("forbidden", forbiddenMessage(user));
    return ok({
      ...simpleUser(world, accountOf(user)),
      name: user.login,
      company: null,
      blog: null,
      location: null,
      email: null,
      hireable: null,
      bio: null,
      public_repos: 0,
      public_gists: 0,
      followers: 0,
      following: 0,
      created_at: timestamp(world.createdAt),
      updated_at: timestamp(world.createdAt),
    });
  }),

  route("GET", "/rate_limit", "read", ({ world }) => {
    const reset = Math.floor(world.now().getTime() / 1000) + 3600;
    const limit = { limit: HOURLY_CALLS, used: 0, remaining: HOURLY_CALLS, reset };
    return ok({ resources: { core: limit, search: limit, graphql: limit }, rate: limit });
  }),

  route("GET", "/repos/{owner}/{repo}", "read", async ({ world, user }) =>
    ok(fullRepository(world, user, await defaultBranch(world.repository))),
  ),
];
