import { jsonLengthHeader, splitBody } from "../core/oip-body.ts";
import type { RawMessage } from "../core/ports.ts";
import type { Route } from "../core/route.ts";
import { inferTypes, parseJson, readBytes, readJson } from "./body.ts";

/** The JSON, and the bytes after it; null where the whole body is JSON. */
interface Parts {
  readonly body: unknown;
  readonly binary: Uint8Array | null;
}

export interface InferBody {
  /** As a model server may be handed it unread; null where it is read here. */
  readonly raw: RawMessage | null;
  /** Throws a RequestError for what is no JSON. */
  parts(): Parts;
}

/**
 * The body of an inference request. It is read at once, but where versions of the model are on a server: then only if somebody asks
 * for its parts.
 */
export async function readInferBody(route: Route | undefined, request: Request, maxBytes: number): Promise<InferBody> {
  const jsonLength = request.headers.get(jsonLengthHeader);
  const onServer = route !== undefined && isOnServer(route);
  if (!onServer && jsonLength === null) {
    const body = await readJson(request, maxBytes, inferTypes);
    return { raw: null, parts: () => ({ body, binary: null }) };
  }
  const bytes = await readBytes(request, maxBytes, inferTypes);
  const raw = onServer ? rawMessageOf(bytes, jsonLength) : null;
  if (raw !== null && !mayNameSharedMemory(raw)) return { raw, parts: () => partsOf(bytes, jsonLength) };
  const parts = partsOf(bytes, jsonLength);
  return { raw: null, parts: () => parts };
}

const timeoutKey = Buffer.from('"timeout"');

/** Whether its JSON may say how long the caller waits, told without reading it: most requests do not. */
export function mayHaveTimeout(message: RawMessage): boolean {
  return hasBytes(jsonOf(message), timeoutKey);
}

const sharedMemory = Buffer.from("shared_memory");
/** Of how JSON may spell a letter of it as well; Latin letters with accents begin so, too. */
const escape = Buffer.from("\\u00");
const escapedLetter = /\\u00[5-7]/;

/**
 * Whether it may name a region of the server's shared memory, which is not the caller's to read or write. Such a request is read
 * here and written anew, so that what is refused, or passed over as the first of two equal keys, never reaches the server.
 */
function mayNameSharedMemory(message: RawMessage): boolean {
  const json = jsonOf(message);
  if (hasBytes(json, sharedMemory)) return true;
  return hasBytes(json, escape) && escapedLetter.test(Buffer.from(json).toString("latin1"));
}

function jsonOf({ body, jsonBytes }: RawMessage): Uint8Array {
  return jsonBytes === null ? body : body.subarray(0, jsonBytes);
}

function hasBytes(bytes: Uint8Array, wanted: Buffer): boolean {
  // The buffer's own method on the bytes as they are: to make a buffer of them takes longer than to search them.
  return Buffer.prototype.includes.call(bytes, wanted);
}

/** Asked of every request: without a list of the versions. */
function isOnServer({ loaded }: Route): boolean {
  for (const { forward } of loaded.values()) if (forward !== undefined) return true;
  return false;
}

/** null: framed in a way that Triton takes for something else than a request with JSON in it. */
function rawMessageOf(body: Uint8Array, jsonLength: string | null): RawMessage | null {
  const jsonBytes = jsonLength === null ? null : /^\d{1,15}$/.test(jsonLength) ? Number(jsonLength) : 0;
  if (body.length === 0 || jsonBytes === 0 || (jsonBytes !== null && jsonBytes > body.length)) return null;
  return { body, contentType: jsonBytes === null ? "application/json" : "application/octet-stream", jsonBytes };
}

function partsOf(bytes: Uint8Array, jsonLength: string | null): Parts {
  const { json, binary } = jsonLength === null ? { json: bytes, binary: null } : splitBody(bytes, jsonLength);
  return { body: parseJson(new TextDecoder().decode(json)), binary };
}
