/** Who is calling, what they may do, and how their commits are signed. */
import type { Person } from "./git/parse.ts";
import type { RepositorySettings } from "./settings.ts";

/** `none`: the repository is hidden, as a private one from strangers. */
export type Permission = "none" | "read" | "write" | "admin";

export interface ForgeUser {
  readonly login: string;
  readonly permission: Permission;
  /** Of a classic token, which carries them in every answer. Left out: a token of another kind. */
  readonly scopes?: readonly string[];
  /** A GitHub App's installation: commits as `login[bot]`. */
  readonly app?: boolean;
  /** What the installation was given: `contents` -> `write`. Left out: all that `permission` says. */
  readonly permissions?: Readonly<Record<string, string>>;
}

export interface Account {
  readonly login: string;
  readonly id: number;
  readonly type: "User" | "Bot";
}

export type Users = Readonly<Record<string, ForgeUser>>;

/** The token that the server takes when it is not told of any users; the address is local, so it guards nothing. */
export const DEMO_TOKEN = "demo-token";

export const DEMO_USERS: Users = { [DEMO_TOKEN]: { login: "demo-admin", permission: "admin" } };

/** GitHub's own account, the committer of what GitHub commits for people (merges, createCommitOnBranch). */
const WEB_FLOW: Account = { login: "web-flow", id: 19864447, type: "User" };

export function webFlow(date: Date): Person {
  return { name: "GitHub", email: "noreply@github.com", date };
}

export function accountOf(user: ForgeUser): Account {
  const login = user.app ? `${user.login}[bot]` : user.login;
  return { login, id: accountId(login), type: user.app ? "Bot" : "User" };
}

/** The same number for the same login, in every run. */
function accountId(login: string): number {
  return Bun.hash.crc32(login) % 1_000_000_000;
}

export function personOf(account: Account, date: Date): Person {
  return { name: account.login, email: `${account.id}+${account.login}@users.noreply.github.com`, date };
}

/** The account that a commit's address belongs to, as GitHub links commits to users; null for a stranger's. */
export function accountByEmail(users: Users, email: string): Account | null {
  if (email === "noreply@github.com") return WEB_FLOW;
  const accounts = Object.values(users).map(accountOf);
  return accounts.find((account) => personOf(account, new Date(0)).email === email) ?? null;
}

interface Access {
  readonly users: Users;
  readonly settings: RepositorySettings;
}

/**
 * The user whose token the Authorization header carries: `token`, `bearer`, or `basic` with the token as the password
 * (as git sends it). Null without a header or for an unknown token; the two are told apart by the header.
 */
export function authenticate({ users, settings }: Access, authorization: string | null): ForgeUser | null {
  const [, scheme = "", credentials = ""] = /^(\w+)\s+(.+)$/.exec(authorization ?? "") ?? [];
  const token = /^basic$/i.test(scheme)
    ? Buffer.from(credentials, "base64")
        .toString("utf8")
        .replace(/^[^:]*:/, "")
    : credentials;
  const user = Object.hasOwn(users, token) ? users[token] : undefined;
  if (!user) return null;
  return { ...user, permission: settings.permissions.get(user.login) ?? user.permission };
}

export function mayWrite(user: ForgeUser): boolean {
  return user.permission === "write" || user.permission === "admin";
}

/** What GitHub says to a token that may read but not write. */
export function forbiddenMessage(user: ForgeUser): string {
  return user.app ? "Resource not accessible by integration" : "Resource not accessible by personal access token";
}
