import { RequestError } from "../core/errors.ts";
import { arrived } from "./body-time.ts";

/** Bytes of a request's body that are read where the environment says nothing. */
export const defaultMaxBodyBytes = 8 * 1024 * 1024;

/**
 * What a body may say that it is, named first, and what it may be called besides: curl calls everything a form unless told
 * otherwise. A client that says nothing is believed to send what is asked for.
 */
const jsonTypes = ["application/json", "application/x-www-form-urlencoded"] as const;
export const inferTypes = [...jsonTypes, "application/octet-stream"] as const;

/**
 * The body as JSON. Throws a RequestError: 415 for what says that it is something else, 413 above `maxBytes` (unread where the
 * length is announced, as soon as it is passed where it is not), 408 for what does not arrive in time, 400 for what is no JSON.
 */
export async function readJson(
  request: Request,
  maxBytes: number,
  types: readonly string[] = jsonTypes,
): Promise<unknown> {
  requireType(request, types);
  const announced = announcedLength(request, maxBytes);
  return parseJson(
    announced === null ? (await readUpTo(request, maxBytes)).toString() : await arrived(request, request.text()),
  );
}

/** The same, but undefined where there is no body. */
export async function readOptionalJson(request: Request, maxBytes: number): Promise<unknown> {
  const text = (await readUpTo(request, maxBytes)).toString();
  if (text.trim() === "") return undefined;
  requireType(request, jsonTypes);
  return parseJson(text);
}

/** The body's bytes, whatever they are. Throws a RequestError, or rejects with one: 415, 413 and 408 as above. */
export function readBytes(request: Request, maxBytes: number, types: readonly string[]): Promise<Uint8Array> {
  requireType(request, types);
  const announced = announcedLength(request, maxBytes);
  return announced === null ? readUpTo(request, maxBytes) : arrived(request, request.bytes());
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (text.trim() === "") throw new RequestError(400, "body-empty", "the body is empty; send a JSON object");
    const detail = error instanceof Error ? error.message.replace(/^JSON Parse error: /, "") : "";
    throw new RequestError(400, "body-not-json", `the body is not valid JSON: ${detail}`);
  }
}

function requireType(request: Request, types: readonly string[]): void {
  const given = request.headers.get("content-type");
  if (given !== null && !types.includes(given)) {
    const [type = ""] = given.split(";");
    const name = type.trim().toLowerCase();
    if (!types.includes(name) && !/^application\/[\w.-]+\+json$/.test(name)) {
      const message = `the body must be ${types[0]}, not "${name.slice(0, 64)}"; say so in the Content-Type`;
      throw new RequestError(415, "content-type", message);
    }
  }
  const coding = request.headers.get("content-encoding");
  if (coding !== null && coding.trim().toLowerCase() !== "identity") {
    const message = `bodies are taken as they are, not with the Content-Encoding ${coding.slice(0, 64)}`;
    throw new RequestError(415, "content-encoding", message);
  }
}

/** null: nobody says, it comes in chunks; or it is announced twice: Bun lets equal ones pass, and joins them. */
function announcedLength(request: Request, maxBytes: number): number | null {
  const announced = Number(request.headers.get("content-length") ?? NaN);
  if (announced > maxBytes) tooLarge(maxBytes);
  return Number.isNaN(announced) ? null : announced;
}

function readUpTo(request: Request, maxBytes: number): Promise<Buffer> {
  return arrived(request, collect(request, maxBytes));
}

async function collect(request: Request, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop cancels the stream: what is too much is not read to its end.
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    if (size > maxBytes) tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(maxBytes: number): never {
  throw new RequestError(413, "body-too-large", `the body may have ${maxBytes} bytes; send less at once`);
}
