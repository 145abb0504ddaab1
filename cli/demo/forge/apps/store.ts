/** One GitHub App, its installation on the repository, and the tokens that it was given. */
import { createPublicKey, type KeyObject } from "node:crypto";
import type { ForgeUser } from "../users.ts";

export type Access = "read" | "write" | "admin";

export interface ForgeApp {
  readonly id: number;
  /** `deployer`: it commits as `deployer[bot]`. */
  readonly slug: string;
  /** PEM. Of a private key its public half is taken. */
  readonly publicKey: string;
  /** Number of its installation on the repository; null: it is not installed there. */
  readonly installation: number | null;
  /** What the installation may: `{contents: "write", pull_requests: "write"}`. */
  readonly permissions: Readonly<Record<string, Access>>;
  /** How long its tokens live, in milliseconds; GitHub's, and the default: an hour. */
  readonly tokenMs?: number;
  readonly suspended?: boolean;
}

export interface AppStore extends ForgeApp {
  readonly key: KeyObject;
  /** A token of the installation, which is a user from now until it ends. */
  issue(now: Date): { readonly token: string; readonly expiresAt: Date };
  /** Forgets the tokens that have ended. */
  expire(now: Date): void;
  /** Ends every token, as GitHub does when an owner takes the installation back. */
  revoke(): void;
}

const hourMs = 3_600_000;

/** `users`: where tokens are looked up; the installation's come and go there. */
export function createAppStore(app: ForgeApp, users: Record<string, ForgeUser>): AppStore {
  const issued = new Map<string, Date>();
  const { permissions, slug } = app;
  const may = ["contents", "pull_requests"].some((name) => permissions[name] === "write") ? "write" : "read";
  const end = (token: string): void => {
    issued.delete(token);
    delete users[token];
  };
  return {
    ...app,
    key: createPublicKey(app.publicKey),
    issue(now) {
      const token = `ghs_${crypto.randomUUID().replaceAll("-", "")}`;
      const expiresAt = new Date(now.getTime() + (app.tokenMs ?? hourMs));
      issued.set(token, expiresAt);
      users[token] = { login: slug, permission: may, app: true, permissions };
      return { token, expiresAt };
    },
    expire(now) {
      for (const [token, at] of issued) if (at <= now) end(token);
    },
    revoke() {
      for (const token of issued.keys()) end(token);
    },
  };
}
