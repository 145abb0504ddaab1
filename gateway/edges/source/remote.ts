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

/** Addresses that git would read as an option or run as a command are refused. */
export function parseRemote(given: string, token?: string): Remote {
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
  const secret = token ?? (password === "" ? name : password);
  if (secret === "") return { url: url.href, config: {}, secrets: [] };
  const user = token === undefined && password !== "" ? name : "x-access-token";
  const basic = Buffer.from(`${user}:${secret}`).toString("base64");
  // For this host only: a plain http.extraHeader would go to every host.
  const config = { [`http.${url.origin}/.extraHeader`]: `Authorization: Basic ${basic}` };
  return { url: url.href, config, secrets: [basic, secret] };
}
