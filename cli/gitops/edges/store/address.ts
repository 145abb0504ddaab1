import { fail } from "../../../../schemas/problem.ts";
import { OutsideError } from "../../core/ports.ts";
import { resuming } from "./resuming.ts";
import { networkReason, patience, type Patience } from "./retry.ts";

/** How files by reference are asked for; tests hand in their own. */
export interface Downloading extends Patience {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
}

const downloading: Downloading = { ...patience, fetch: (url, init) => fetch(url, init) };

/** Enough for a short address, a mirror and a storage behind it. */
const maxRedirects = 5;

/** Names of query parameters that let in whoever has them. */
const secretParameter =
  /^(x-amz-|x-goog-)?(signature|credential|security-token|sig|token|key|access_?token|api_?key|password)$/i;

/**
 * An https address that may stand in git: nobody's password, token or signature is in it. Its fragment is left out. Throws a
 * ProblemError that repeats neither.
 */
export function addressOf(text: string): string {
  const url = URL.parse(text);
  const place = url === null ? "the address" : `${url.protocol}//${url.host}${url.pathname}`;
  const problem = (message: string, hint: string): never => fail({ code: "artifact-uri", message, hint });
  if (url === null || url.protocol !== "https:") {
    return problem(`${place} is no https address`, "give an address that begins with https://");
  }
  const secret = [...url.searchParams.keys()].find((name) => secretParameter.test(name));
  if (url.username !== "" || url.password !== "" || secret !== undefined) {
    const what = secret === undefined ? "a user name or password" : `the parameter ${secret}`;
    const hint = "it would be written into git: give an address that needs none, or download the file and register it";
    return problem(`${place} comes with ${what}`, hint);
  }
  url.hash = "";
  return url.href;
}

/**
 * The file at an https address, in pieces. Goes on where a connection was cut, follows a few redirects to other https
 * addresses, and throws an OutsideError that names the address. Nothing is said about what the bytes are.
 */
export async function* downloaded(address: string, using: Downloading = downloading): AsyncGenerator<Uint8Array, void> {
  const ask = (offset: number, signal: AbortSignal) => follow(new URL(address), offset, signal, using);
  try {
    yield* resuming(ask, null, using, (error) => (error instanceof Refusal ? error.status >= 500 : isCut(error)));
  } catch (error) {
    throw explained(address, error);
  }
}

class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: number;

  constructor(status: number) {
    super(`the server answered ${status}`);
    this.status = status;
  }
}

function isCut(error: unknown): boolean {
  return networkReason(error) !== null;
}

async function follow(start: URL, offset: number, signal: AbortSignal, using: Downloading): Promise<Response> {
  const headers: Record<string, string> = offset === 0 ? {} : { range: `bytes=${offset}-` };
  let url = start;
  for (let hops = 0; hops <= maxRedirects; hops += 1) {
    const response = await using.fetch(url.href, { headers, redirect: "manual", signal });
    const to = response.status >= 300 && response.status < 400 ? response.headers.get("location") : null;
    if (to === null) {
      if (response.ok) return response;
      await response.body?.cancel();
      throw new Refusal(response.status);
    }
    await response.body?.cancel();
    const next = URL.parse(to, url.href);
    if (next?.protocol !== "https:") throw new Astray("sends on to an address that is not https");
    url = next;
  }
  throw new Astray(`sends on more than ${maxRedirects} times`);
}

/** Redirects that are not followed. */
class Astray extends Error {
  override readonly name = "Astray";
}

function explained(address: string, error: unknown): unknown {
  const say = (message: string, hint: string, retryable = false): OutsideError =>
    new OutsideError(`${address}: ${message}`, { retryable, hint, cause: error });
  if (error instanceof Astray) return say(error.message, "register the address at which the file really is");
  if (!(error instanceof Refusal)) {
    const reason = networkReason(error);
    return reason === null ? error : say(`cannot be downloaded: ${reason}`, "check the address and the network", true);
  }
  const hints: Readonly<Record<number, string>> = {
    401: "it asks for credentials: files by reference are read without any",
    403: "it asks for credentials: files by reference are read without any",
    404: "check the address: nothing is there",
    410: "what was there is gone: restore it, or register the model again",
  };
  const hint = hints[error.status] ?? "the server has trouble: try again later";
  return say(error.message, hint, error.status >= 500);
}
