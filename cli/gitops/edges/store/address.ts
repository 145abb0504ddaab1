import { fail } from "../../../../schemas/problem.ts";
import { withoutSecrets } from "../../../../schemas/secrets.ts";
import { OutsideError } from "../../core/ports.ts";
import { resuming } from "./resuming.ts";
import { networkReason } from "../network-reason.ts";
import { patience, type Patience } from "./retry.ts";

/** How files by reference are asked for; tests hand in their own. */
export interface Downloading extends Patience {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
}

const downloading: Downloading = { ...patience, fetch: (url, init) => fetch(url, init) };

/** Enough for a short address, a mirror and a storage behind it. */
const maxRedirects = 5;

/**
 * Names of query parameters that may let in whoever has them. Rather one too many: what is in git stays there, and a file that
 * is refused here can be downloaded and registered.
 */
const secretParameter = /token|secret|key|sig|auth|pass|cred|^x-(amz|goog)-/i;

/**
 * An https address that may stand in git: nobody's password, token or signature is in it, and nothing that would be masked where
 * it is shown. Its fragment is left out. Throws a ProblemError that repeats none of these.
 */
export function addressOf(text: string): string {
  const url = URL.parse(text);
  const place = url === null ? "the address" : withoutSecrets(`${url.protocol}//${url.host}${url.pathname}`);
  const problem = (message: string, hint: string): never => fail({ code: "artifact-uri", message, hint });
  if (url === null || url.protocol !== "https:") {
    return problem(`${place} is no https address`, "give an address that begins with https://");
  }
  url.hash = "";
  const secret = secretIn(url);
  if (secret !== null) {
    const hint = "it would be written into git: give an address that needs none, or download the file and register it";
    return problem(`${place} comes with ${secret}`, hint);
  }
  return url.href;
}

/** What is secret in an address, in words that do not tell it; null for nothing. */
function secretIn(url: URL): string | null {
  if (url.username !== "" || url.password !== "") return "a user name or password";
  const name = [...url.searchParams.keys()].find((key) => secretParameter.test(key));
  if (name !== undefined) return `the parameter ${withoutSecrets(name)}`;
  return withoutSecrets(url.href) === url.href ? null : "what looks like a secret";
}

/**
 * The file at an https address, in pieces. Goes on where a connection was cut, follows a few redirects to other https
 * addresses, and throws an OutsideError that names the address. Nothing is said about what the bytes are, but that they are of
 * one file: a server that cannot say that it still has the same one is heard out from the beginning again.
 */
export async function* downloaded(address: string, using: Downloading = downloading): AsyncGenerator<Uint8Array, void> {
  const taken = new Bun.CryptoHasher("sha256");
  let mark: string | null = null;
  const ask = async (offset: number, signal: AbortSignal): Promise<Response> => {
    const from = offset === 0 || mark === null ? null : { offset, mark };
    const response = await follow(new URL(address), from, signal, using);
    if (response.status === 206) return response;
    mark = markOf(response.headers);
    if (offset === 0 || response.body === null) return response;
    return new Response(behind(response.body, offset, taken.copy().digest("hex")), { status: 206 });
  };
  try {
    const pieces = resuming(ask, null, using, (error) =>
      error instanceof Refusal ? error.status >= 500 : isCut(error),
    );
    for await (const piece of pieces) {
      taken.update(piece);
      yield piece;
    }
  } catch (error) {
    throw explained(address, error);
  }
}

/** What tells a file from the one that takes its place: a strong ETag, else its time. null: nothing does (RFC 9110, 13.1.5). */
function markOf(headers: Headers): string | null {
  const tag = headers.get("etag");
  return tag?.startsWith('"') === true ? tag : headers.get("last-modified");
}

/** The bytes from `offset` on, where those before it have the digest. Throws Replaced where they have not. */
async function* behind(body: ReadableStream<Uint8Array>, offset: number, digest: string) {
  const before = new Bun.CryptoHasher("sha256");
  let left = offset;
  for await (const piece of body) {
    const rest = piece.subarray(Math.min(left, piece.length));
    if (left > 0) {
      before.update(piece.subarray(0, piece.length - rest.length));
      left -= piece.length - rest.length;
      if (left === 0 && before.digest("hex") !== digest) throw new Replaced();
    }
    if (rest.length > 0) yield rest;
  }
  if (left > 0) throw new Replaced();
}

/** Another file is there than the one whose beginning has come. */
class Replaced extends Error {
  override readonly name = "Replaced";
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

async function follow(
  start: URL,
  from: { readonly offset: number; readonly mark: string } | null,
  signal: AbortSignal,
  using: Downloading,
): Promise<Response> {
  const headers: Record<string, string> =
    from === null ? {} : { range: `bytes=${from.offset}-`, "if-range": from.mark };
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
  if (error instanceof Replaced) {
    return say("another file took its place while it was downloaded", "run the command again", true);
  }
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
