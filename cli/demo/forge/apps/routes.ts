/** What an App calls as itself, signed with its key: which App it is, where it is installed, and a token of the installation. */
import { z } from "zod";
import { ForgeFault, Refusal } from "../fault.ts";
import { timestamp } from "../git/parse.ts";
import { nodeId } from "../node-id.ts";
import { ownerAccount, simpleUser } from "../rest/represent-repository.ts";
import { createRouter, route, type MatchedRoute, type RestReply } from "../rest/router.ts";
import { isServed, type World } from "../world.ts";
import { checkJwt } from "./jwt.ts";
import type { AppStore } from "./store.ts";

interface AppCall {
  readonly world: World;
  readonly authorization: string | null;
  readonly params: Readonly<Record<string, string>>;
  readonly body: unknown;
}

const tokenRequest = z.object({
  repositories: z.array(z.string()).optional(),
  repository_ids: z.array(z.number()).optional(),
  permissions: z.record(z.string(), z.enum(["read", "write", "admin"])).optional(),
});

const handlers: Readonly<Record<string, (call: AppCall, app: AppStore) => RestReply>> = {
  "/app": ({ world }, app) => ({ status: 200, body: representApp(world, app) }),

  "/repos/{owner}/{repo}/installation"({ world, params }, app) {
    const { owner = "", repo = "" } = params;
    if (app.installation === null || !isServed(world, owner, repo)) throw new Refusal("not-found", "Not Found");
    return { status: 200, body: representInstallation(world, app, app.installation) };
  },

  "/app/installations/{installation_id}/access_tokens"({ world, params, body }, app) {
    if (String(app.installation) !== params["installation_id"]) throw new Refusal("not-found", "Not Found");
    if (app.suspended) throw new Refusal("forbidden", "This installation has been suspended");
    const asked = tokenRequest.parse(body ?? {});
    const unknown = asked.repositories?.some((name) => !isServed(world, world.owner, name)) ?? false;
    if (unknown) {
      const message =
        "There is at least one repository that does not exist or is not accessible to the parent installation.";
      throw new Refusal("unprocessable", message);
    }
    const { token, expiresAt } = app.issue(world.now());
    const chosen = asked.repositories === undefined ? "all" : "selected";
    return {
      status: 201,
      headers: dateOf(world),
      body: { token, expires_at: timestamp(expiresAt), permissions: app.permissions, repository_selection: chosen },
    };
  },
};

const routes = Object.keys(handlers).map((template) =>
  route(template.endsWith("access_tokens") ? "POST" : "GET", template, "read", () => {
    throw new Error("an App's routes are served by serveApp");
  }),
);
const find = createRouter(routes);

/** Every route, as `GET /app`. */
export const appTemplates: readonly string[] = routes.map(({ method, template }) => `${method} ${template}`);

/** The route, where it is one that an App calls as itself. */
export function findAppRoute(method: string, path: string): MatchedRoute | null {
  return find(method, path);
}

/** Answers it; throws as GitHub refuses. */
export function serveApp({ route: { template }, params }: MatchedRoute, call: Omit<AppCall, "params">): RestReply {
  const { world, authorization } = call;
  const app = signer(world, authorization);
  const handle = handlers[template];
  if (handle === undefined) throw new Error(`no handler for ${template}`);
  return handle({ ...call, params }, app);
}

function signer(world: World, authorization: string | null): AppStore {
  const { app } = world;
  const [, token = ""] = /^bearer\s+(.+)$/i.exec(authorization ?? "") ?? [];
  if (app === null || token === "") throw refused(world, 401, "A JSON web token could not be decoded");
  const checked = checkJwt(token, app.key, Math.floor(world.now().getTime() / 1000));
  if ("refusal" in checked) throw refused(world, 401, checked.refusal);
  if (checked.issuer !== String(app.id)) throw refused(world, 404, "Integration not found");
  return app;
}

/** With the server's time, by which a client sees that its own clock is wrong. */
function refused(world: World, status: number, message: string): ForgeFault {
  const body = { message, documentation_url: "https://docs.github.com/rest", status: String(status) };
  return new ForgeFault({ status, body, headers: dateOf(world) });
}

function dateOf(world: World): Readonly<Record<string, string>> {
  return { date: world.now().toUTCString() };
}

function representApp(world: World, { id, slug, permissions }: AppStore) {
  const at = timestamp(world.createdAt);
  return {
    id,
    slug,
    node_id: nodeId("User", slug),
    owner: simpleUser(world, ownerAccount(world)),
    name: slug,
    description: null,
    external_url: world.origin,
    html_url: `${world.origin}/apps/${slug}`,
    created_at: at,
    updated_at: at,
    permissions,
    events: [],
  };
}

function representInstallation(world: World, { id, slug, permissions, suspended }: AppStore, installation: number) {
  const at = timestamp(world.createdAt);
  const owner = ownerAccount(world);
  return {
    id: installation,
    account: simpleUser(world, owner),
    repository_selection: "selected",
    access_tokens_url: `${world.apiUrl}/app/installations/${installation}/access_tokens`,
    repositories_url: `${world.apiUrl}/installation/repositories`,
    html_url: `${world.origin}/settings/installations/${installation}`,
    app_id: id,
    app_slug: slug,
    target_id: owner.id,
    target_type: owner.type,
    permissions,
    events: [],
    created_at: at,
    updated_at: at,
    single_file_name: null,
    suspended_by: null,
    suspended_at: suspended ? at : null,
  };
}
