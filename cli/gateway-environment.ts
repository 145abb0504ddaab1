import { settingVariables } from "../schemas/settings.ts";

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Variables of a person's shell that a gateway process gets: how it finds programs and folders, and how it, and git under it,
 * reach a server. Its own variables, GitHub's token among them, are set by whoever starts it alone.
 */
const programs = ["PATH", "HOME", "TMPDIR", "LANG", "XDG_CONFIG_HOME"];
const proxies = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"];
const certificates = ["SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS"];
const ssh = ["SSH_AUTH_SOCK", "GIT_SSH", "GIT_SSH_COMMAND"];
const lowerCase = proxies.map((name) => name.toLowerCase());
/** Settings that the gateway is to heed as the command does; of the repository and its branch it is told by whoever starts it. */
const settings = settingVariables
  .map(({ name }) => name)
  .filter((name) => name !== "MMSP_REPOSITORY" && name !== "MMSP_BASE_BRANCH");
const passed = new Set([...settings, ...programs, ...proxies, ...lowerCase, ...certificates, ...ssh, "GITHUB_API_URL"]);

/** What of these variables a gateway process gets; every `GIT_SSL_*` besides those of the list. */
export function passedOn(env: Variables): Record<string, string> {
  const known = Object.entries(env).filter(([name]) => passed.has(name) || name.startsWith("GIT_SSL_"));
  return Object.fromEntries(known.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}
