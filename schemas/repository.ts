/** `owner/name` on GitHub. */
const slug = "[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+";

/** What a path in an address may hold; a `..` would name another place than it says. */
const path = "(?!\\S*/\\.\\.(/|$))[^\\s?#]+";

/** Addresses that git takes. None holds a password: it would be committed with the file, and shown in every list of processes. */
const addresses = [
  `file:///${path}`,
  `https?://[^\\s@/?#]+/${path}`,
  `ssh://([A-Za-z0-9_][A-Za-z0-9_.-]*@)?[A-Za-z0-9[][^\\s@/?#]*/${path}`,
  `[A-Za-z0-9_][A-Za-z0-9_.-]*@[A-Za-z0-9][A-Za-z0-9.-]*:(?!-)${path}`,
];

/** A repository as people name it: `owner/name` on GitHub, or the address of any git remote. */
export const repositoryPattern = new RegExp(`^(${[slug, ...addresses].join("|")})$`);

const address = new RegExp(`^(${addresses.join("|")})$`);

/** Whether it is the address of a git remote, and not a name on GitHub. */
export function isGitAddress(repository: string): boolean {
  return address.test(repository);
}

/** `owner/name` where an address is of the GitHub with this REST API: its API can open pull requests, plain git cannot. */
export function slugOnGitHub(repository: string, apiUrl: string): string | null {
  if (!isGitAddress(repository) || repository.startsWith("file:") || !URL.canParse(apiUrl)) return null;
  const [, host = "", place = ""] =
    /^(?:https?|ssh):\/\/(?:[^@/]*@)?([^/]+)\/(.+)$/.exec(repository) ?? /^[^@]+@([^:]+):(.+)$/.exec(repository) ?? [];
  const github = new URL(apiUrl).host.replace(/^api\.(?=github\.com$|[^.]+\.ghe\.com$)/, "");
  const name = place
    .replace(/^\/+/, "")
    .replace(/\/+$/, "")
    .replace(/\.git$/, "");
  return host.toLowerCase() === github && new RegExp(`^${slug}$`).test(name) ? name : null;
}

/**
 * How mmsp.yaml names the remote with this address: `owner/name` on the GitHub with this REST API, else the address without a
 * password in it; null where that is none which mmsp takes, such as a path or an alias of somebody's ssh.
 */
export function repositoryAt(remote: string, apiUrl: string): string | null {
  const plain = withoutCredentials(remote);
  if (!isGitAddress(plain)) return null;
  return slugOnGitHub(plain, apiUrl) ?? plain;
}

/** With ssh the user is part of the address, and only what is after it is secret; with http both are somebody's own. */
function withoutCredentials(remote: string): string {
  return remote.replace(/^(https?:\/\/)[^/\s]*@/i, "$1").replace(/^(ssh:\/\/[^/\s:@]*):[^/\s]*@/i, "$1@");
}
