import { fail } from "../../../schemas/problem.ts";

/** A git remote with its credentials taken apart from its address. */
export interface Remote {
  /** For git's arguments and for people: no credentials. */
  readonly url: string;
  /** git settings that carry the credentials. */
  readonly config: Readonly<Record<string, string>>;
  /** What may stand in no message. */
  readonly secrets: readonly string[];
}

/**
 * GitHub's token, or what brings it, where the address is of the very GitHub that `apiUrl` is of, over https or on this machine; undefined where
 * it would go to anybody else, or in the clear. `https://api.github.com` belongs to github.com, `https://HOST/api/v3` to HOST.
 */
export function tokenFor<Token>(address: string, token: Token | null, apiUrl: string): Token | undefined {
  if (token === null || !/^https?:\/\//i.test(address) || !URL.canParse(address) || !URL.canParse(apiUrl))
    return undefined;
  const [remote, api] = [new URL(address), new URL(apiUrl)];
  const isPrivate = remote.protocol === "https:" || /^(localhost|127(\.\d+){3}|\[::1\])$/.test(remote.hostname);
  const host = api.host.replace(/^api\.(?=github\.com$|[^.]+\.ghe\.com$)/, "");
  return isPrivate && remote.host === host ? token : undefined;
}

/** Addresses that git would read as an option or run as a command are refused. `token`, and the `user` that the server expects with it: where the address names nobody. */
export function parseRemote(given: string, token?: string, user = "x-access-token"): Remote {
  if (given.startsWith("-") || /^[a-z]+::/i.test(given) || /[\0\n]/.test(given) || given === "") {
    return fail({
      code: "git-address",
      message: "is not an address of a git repository",
      hint: "use https, ssh or a path",
    });
  }
  if (!/^https?:\/\//i.test(given)) return { url: given, config: {}, secrets: [] };
  if (!URL.canParse(given))
    return fail({
      code: "git-address",
      message: "is not a valid address of a git repository",
      hint: "write it like https://github.com/OWNER/NAME.git",
    });
  const url = new URL(given);
  const [name, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
  url.username = "";
  url.password = "";
  // A token alone may stand where the user's name does: https://TOKEN@host/.
  const own = password === "" ? name : password;
  const secret = own === "" ? (token ?? "") : own;
  if (secret === "") return { url: url.href, config: {}, secrets: [] };
  const standsIn = own === "" ? user : "x-access-token";
  const basic = Buffer.from(`${password === "" ? standsIn : name}:${secret}`).toString("base64");
  // For this host only: a plain http.extraHeader would go to every host.
  const config = { [`http.${url.origin}/.extraHeader`]: `Authorization: Basic ${basic}` };
  return { url: url.href, config, secrets: [basic, secret] };
}
