import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

type Variables = Readonly<Record<string, string | undefined>>;

/** git settings that carry a token, and what may stand in no message. */
export interface Credentials {
  readonly config: Readonly<Record<string, string>>;
  readonly secrets: readonly string[];
}

/**
 * MMSP_GIT_TOKEN, for an https address or one on this machine: a token does not go over a network in the clear. Without it git
 * asks the person's own credential helpers.
 */
export function gitTokenFor(address: string, env: Variables): string | undefined {
  const token = env["MMSP_GIT_TOKEN"]?.trim();
  if (!token || !/^https?:/.test(address) || !URL.canParse(address)) return undefined;
  const { protocol, hostname } = new URL(address);
  return protocol === "https:" || /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname) ? token : undefined;
}

/** MMSP_GIT_USER, which goes with that token where the server looks at the name. */
export function gitUserOf(env: Variables): string {
  return env["MMSP_GIT_USER"]?.trim() || "x-access-token";
}

/** Token and user as git takes them. */
export function credentialsFor(address: string, env: Variables): Credentials {
  const token = gitTokenFor(address, env);
  if (token === undefined) return { config: {}, secrets: [] };
  const basic = Buffer.from(`${gitUserOf(env)}:${token}`).toString("base64");
  // For this host only: a plain http.extraHeader would go to every host.
  const header = { [`http.${new URL(address).origin}/.extraHeader`]: `Authorization: Basic ${basic}` };
  return { config: header, secrets: [basic, token] };
}

/**
 * Where the clones of an address are kept: in the person's cache. Who has no home gets a folder that is gone when the process
 * ends: nobody else's may be trusted in a place that all users share.
 */
export function cacheFolder(address: string, env: Variables): string {
  const cache = env["XDG_CACHE_HOME"] || (env["HOME"] ? join(env["HOME"], ".cache") : "");
  // The home of Debian's users who have none.
  if (!cache.startsWith("/") || cache.startsWith("/nonexistent/")) return fleetingFolder();
  const name = new Bun.CryptoHasher("sha256").update(address).digest("hex").slice(0, 16);
  return join(cache, "mmsp", "git", name);
}

function fleetingFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "mmsp-git-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
