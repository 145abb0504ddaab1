/** One REST call: who is calling, whether they may, the route, and refusals in REST's words. */
import { refuseUngranted } from "../apps/permissions.ts";
import { notImplemented, Refusal, type RefusalKind } from "../fault.ts";
import type { ForgeUser } from "../users.ts";
import { isFormer, isServed, refuseWrites, REPOSITORY_ID, type World } from "../world.ts";
import { accountRoutes } from "./account-routes.ts";
import { branchRoutes } from "./branch-routes.ts";
import { checkRoutes } from "./check-routes.ts";
import { commentRoutes } from "./comment-routes.ts";
import { contentRoutes } from "./content-routes.ts";
import { objectRoutes } from "./object-routes.ts";
import { pullRoutes } from "./pull-routes.ts";
import { refRoutes } from "./ref-routes.ts";
import { reviewRoutes } from "./review-routes.ts";
import { createRouter, refuseQuery, type MatchedRoute, type RestReply, type Route, type Router } from "./router.ts";
import { statusRoutes } from "./status-routes.ts";

const routes: readonly Route[] = [
  ...accountRoutes,
  ...refRoutes,
  ...objectRoutes,
  ...contentRoutes,
  ...pullRoutes,
  ...commentRoutes,
  ...reviewRoutes,
  ...statusRoutes,
  ...checkRoutes,
  ...branchRoutes,
];

export const findRoute: Router = createRouter(routes);

/** Every route, as `GET /repos/{owner}/{repo}`. */
export const restTemplates: readonly string[] = routes.map(({ method, template }) => `${method} ${template}`);

const STATUS: Readonly<Record<RefusalKind, number>> = {
  "bad-request": 400,
  unauthenticated: 401,
  forbidden: 403,
  archived: 403,
  "not-found": 404,
  "not-mergeable": 405,
  conflict: 409,
  stale: 409,
  unprocessable: 422,
  "not-implemented": 501,
};

export interface RestRequest {
  readonly method: string;
  /** Below `/api/v3`. */
  readonly path: string;
  readonly url: URL;
  readonly accept: string;
  readonly body: unknown;
}

/** Answers the call; throws {@link Refusal}. */
export async function serveRest(
  world: World,
  user: ForgeUser | null,
  request: RestRequest,
  matched: MatchedRoute | null,
): Promise<RestReply> {
  if (!user) throw new Refusal("unauthenticated", "Bad credentials");
  const elsewhere = redirect(world, request);
  if (elsewhere) return elsewhere;
  refuseOtherRepository(world, user, request.path);
  if (!matched) throw notImplemented(`${request.method} ${request.path}`);
  const { route, params } = matched;
  refuseQuery(route, request.url);
  if (route.access === "write") refuseWrites(world, user);
  if (route.access === "write") refuseUngranted(user, route.template);
  const call = { world, user, params, url: request.url, accept: request.accept, body: request.body };
  const reply = await route.handle(call);
  if (user.scopes === undefined) return reply;
  return { ...reply, headers: { ...reply.headers, "x-oauth-scopes": user.scopes.join(", ") } };
}

const REPOSITORY_PATH = /^\/repos\/([^/]+)\/([^/]+)/;

/** A repository that is called otherwise now: where it is. Only what is no GET may be sent again as it was. */
function redirect(world: World, { method, path, url }: RestRequest): RestReply | null {
  const [named = "", owner = "", repo = ""] = REPOSITORY_PATH.exec(path) ?? [];
  if (!isFormer(world, owner, repo)) return null;
  const [status, message] = method === "GET" ? [301, "Moved Permanently"] : [307, "Temporary Redirect"];
  const location = `${world.apiUrl}/repositories/${REPOSITORY_ID}${path.slice(named.length)}${url.search}`;
  const documentation_url =
    "https://docs.github.com/rest/guides/best-practices-for-using-the-rest-api#follow-redirects";
  return { status, headers: { location }, body: { message, url: location, documentation_url } };
}

function refuseOtherRepository(world: World, user: ForgeUser, path: string): void {
  const [named, owner = "", repo = ""] = REPOSITORY_PATH.exec(path) ?? [];
  if (named === undefined) return;
  if (!isServed(world, owner, repo) || user.permission === "none") throw new Refusal("not-found", "Not Found");
}

/** A refusal as GitHub writes it; one with errors by field is a "Validation Failed". */
export function refusalReply(refusal: Refusal): RestReply {
  const status = STATUS[refusal.kind];
  const errors = refusal.errors.length > 0 ? { errors: refusal.errors } : {};
  const message = typeof refusal.errors[0] === "object" ? "Validation Failed" : refusal.message;
  return {
    status,
    body: { message, ...errors, documentation_url: "https://docs.github.com/rest", status: String(status) },
  };
}
