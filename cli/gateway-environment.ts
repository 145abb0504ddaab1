import { settingVariables } from "../schemas/settings.ts";

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Variables of a person's shell that a gateway process gets: how it finds programs and folders, how it, and git under it,
 * reach a server, and who it is to its artifact store. Its own variables, GitHub's token among them, are set by whoever starts it alone.
 */
const programs = ["PATH", "HOME", "TMPDIR", "LANG", "XDG_CONFIG_HOME"];
const proxies = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"];
const certificates = ["SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS"];
const ssh = ["SSH_AUTH_SOCK", "GIT_SSH", "GIT_SSH_COMMAND"];
const store = ["ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN", "REGION"].flatMap((name) => [
  `AWS_${name}`,
  `S3_${name}`,
]);
const endpoints = ["AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "S3_ENDPOINT"];
const lowerCase = proxies.map((name) => name.toLowerCase());
/** Settings that the gateway is to heed as the command does; of the repository and its branch it is told by whoever starts it. */
const settings = settingVariables
  .map(({ name }) => name)
  .filter((name) => name !== "MMSP_REPOSITORY" && name !== "MMSP_BASE_BRANCH");
/** As MMSP_TRITON_URL, which is a setting. */
const triton = ["MMSP_TRITON_MAX_CONNECTIONS", "MMSP_TRITON_MAX_QUEUE"];
const servers = [...certificates, ...ssh, ...store, ...endpoints, "GITHUB_API_URL"];
const passed = new Set([...settings, ...triton, ...programs, ...proxies, ...lowerCase, ...servers]);

/** What of these variables a gateway process gets; every `GIT_SSL_*` besides those of the list. */
export function passedOn(env: Variables): Record<string, string> {
  const known = Object.entries(env).filter(([name]) => passed.has(name) || name.startsWith("GIT_SSL_"));
  return Object.fromEntries(known.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}
