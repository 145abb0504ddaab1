import { RequestError } from "../core/errors.ts";

/** Bytes of a request's body that are read where the environment says nothing. */
export const defaultMaxBodyBytes = 8 * 1024 * 1024;

/**
 * The body as JSON. Throws a RequestError: 413 above `maxBytes` (unread where the length is announced, as soon as it is
 * passed where it is not), 400 for what is no JSON.
 */
export async function readJson(request: Request, maxBytes: number): Promise<unknown> {
  const announced = request.headers.get("content-length");
  if (Number(announced) > maxBytes) tooLarge(maxBytes);
  const text = announced === null ? await readUpTo(request, maxBytes) : await request.text();
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (text.trim() === "") throw new RequestError(400, "body-empty", "the body is empty; send a JSON object");
    const detail = error instanceof Error ? error.message.replace(/^JSON Parse error: /, "") : "";
    throw new RequestError(400, "body-not-json", `the body is not valid JSON: ${detail}`);
  }
}

async function readUpTo(request: Request, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop cancels the stream: what is too much is not read to its end.
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    if (size > maxBytes) tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function tooLarge(maxBytes: number): never {
  throw new RequestError(413, "body-too-large", `the body may have ${maxBytes} bytes; send less at once`);
}
