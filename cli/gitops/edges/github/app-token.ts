import { explainAppFailure, type AppRequest } from "./app-errors.ts";
import type { AppSettings } from "./app-settings.ts";
import { createClient, type Client, type ClientOptions, type Signing } from "./client.ts";

/** Tokens that end by themselves, of an App's installation. */
export interface TokenSource {
  /** One that holds for minutes yet. Throws what people can read. */
  get(): Promise<string>;
  /** GitHub does not take this one any more. */
  reject(token: string): void;
  /** What the newest token may do: `contents` -> `write`. Asks for a token where there is none. */
  permissions(): Promise<Readonly<Record<string, string>>>;
}

export interface AppTokenOptions extends Omit<ClientOptions, "token" | "isHurried"> {
  /** owner/name: the only repository that the tokens are good for. */
  readonly repository: string;
  /** Milliseconds of a clock that only goes forwards. */
  readonly clock?: (() => number) | undefined;
}

/** A token is replaced while it has so long to live, in milliseconds: a command that starts with it also ends with it. */
const marginMs = 5 * 60_000;

interface Installed {
  readonly token: string;
  readonly permissions: Readonly<Record<string, string>>;
  /** By `clock`. */
  readonly renewAt: number;
}

/**
 * Tokens of the installation that has the repository: one call for each, and one more, once, to find the installation where
 * the settings do not name it. They are kept in memory only.
 */
export function createAppTokens(app: AppSettings, options: AppTokenOptions): TokenSource {
  const { repository, clock = () => performance.now() } = options;
  let client: Promise<Client> | undefined;
  let installation = app.installationId;
  let held: Installed | null = null;
  let pending: Promise<Installed> | null = null;

  async function make(): Promise<Installed> {
    const as = await (client ??= connectAs(app, options));
    installation ??= await findInstallation(as, app, repository);
    return makeToken(as, app, { repository, installation, clock });
  }

  /** Whoever comes while one is being made waits for that one. */
  async function installed(): Promise<Installed> {
    if (held !== null && clock() < held.renewAt) return held;
    pending ??= make().finally(() => {
      pending = null;
    });
    held = await pending;
    return held;
  }

  return {
    get: async () => (await installed()).token,
    permissions: async () => (await installed()).permissions,
    reject(token) {
      if (held?.token === token) held = null;
    },
  };
}

/** How Octokit signs its calls with such tokens: each call with the one that holds then, and once again with a new one after 401. */
export function signingWith(tokens: TokenSource): Signing {
  return {
    authStrategy: () => ({
      hook: (request: Request, route: string, parameters: object) => signed(tokens, request, route, parameters),
    }),
  };
}

/** As much of Octokit's `request` as a hook sees. */
interface Request {
  (endpoint: Endpoint): Promise<unknown>;
  readonly endpoint: { merge(route: string, parameters: object): Endpoint };
}

interface Endpoint {
  readonly headers: Record<string, unknown>;
}

async function signed(tokens: TokenSource, request: Request, route: string, parameters: object): Promise<unknown> {
  const endpoint = request.endpoint.merge(route, parameters);
  const send = async (token: string): Promise<unknown> => {
    endpoint.headers["authorization"] = `token ${token}`;
    return request(endpoint);
  };
  const token = await tokens.get();
  try {
    return await send(token);
  } catch (error) {
    if ((error as { status?: number }).status !== 401) throw error;
    // Revoked, or its permissions were changed: a call that got 401 has done nothing.
    tokens.reject(token);
    return send(await tokens.get());
  }
}

/** The library brings a big dependency, and is loaded by those alone who are an App. */
async function connectAs({ appId, privateKey }: AppSettings, options: AppTokenOptions): Promise<Client> {
  const { createAppAuth } = await import("@octokit/auth-app");
  const { apiUrl, userAgent, timeoutMs, retries, secondMs, log } = options;
  // Its strategy signs anew for each call, and once again by the server's clock where this machine's is wrong.
  const token: Signing = { authStrategy: createAppAuth, auth: { appId, privateKey } };
  return createClient({ apiUrl, userAgent, timeoutMs, retries, secondMs, log, token });
}

async function findInstallation(client: Client, { appId }: AppSettings, repository: string): Promise<number> {
  const [owner = "", repo = ""] = repository.split("/");
  const request: AppRequest = { appId, repository, step: "find-installation" };
  return client.attempt(
    { what: `looking up App ${appId} on ${repository}`, repository, permission: "Metadata: read" },
    async (octokit) => (await octokit.rest.apps.getRepoInstallation({ owner, repo })).data.id,
    (failure, cause) => explainAppFailure(failure, request, cause),
  );
}

async function makeToken(
  client: Client,
  { appId }: AppSettings,
  { repository, installation, clock }: { repository: string; installation: number; clock: () => number },
): Promise<Installed> {
  const request: AppRequest = { appId, repository, step: "make-token" };
  const askedAt = clock();
  const { data, headers } = await client.attempt(
    { what: `asking for a token of App ${appId}`, repository, permission: "Metadata: read" },
    (octokit) =>
      octokit.rest.apps.createInstallationAccessToken({
        installation_id: installation,
        repositories: [repository.split("/")[1] ?? ""],
      }),
    (failure, cause) => explainAppFailure(failure, request, cause),
  );
  // Both by the server's clock: this machine's may be an hour off.
  const lifeMs = Date.parse(data.expires_at) - (Date.parse(headers.date ?? "") || Date.now());
  const permissions = Object.fromEntries(
    Object.entries(data.permissions ?? {}).map(([name, value]) => [name, String(value)]),
  );
  return { token: data.token, permissions, renewAt: askedAt + Math.max(0, lifeMs - marginMs) };
}
