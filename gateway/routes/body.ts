import { RequestError } from "../core/errors.ts";

/** Bytes of a request's body that are read where the environment says nothing. */
export const defaultMaxBodyBytes = 8 * 1024 * 1024;

/**
 * The body as JSON. Throws a RequestError: 413 above `maxBytes` (before reading where the length is announced), 400 for
 * what is no JSON.
 */
export async function readJson(request: Request, maxBytes: number): Promise<unknown> {
  const tooLarge = (): never => {
    throw new RequestError(413, "body-too-large", `the body may have ${maxBytes} bytes; send fewer rows at once`);
  };
  const announced = Number(request.headers.get("content-length") ?? 0);
  if (announced > maxBytes) tooLarge();
  const text = await request.text();
  // A character has at least one byte, so this bounds what came without an announced length.
  if (text.length > maxBytes) tooLarge();
  if (text.trim() === "") throw new RequestError(400, "body-empty", "the body is empty; send a JSON object");
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const detail = error instanceof Error ? error.message.replace(/^JSON Parse error: /, "") : "";
    throw new RequestError(400, "body-not-json", `the body is not valid JSON: ${detail}`);
  }
}
