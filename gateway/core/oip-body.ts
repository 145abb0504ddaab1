import { RequestError } from "./errors.ts";

/** Says how many bytes of a body are JSON; what comes after them is binary tensor data. */
export const jsonLengthHeader = "inference-header-content-length";

/** A body in its two parts, cut where its header says. Throws a RequestError where that is nowhere in it. */
export function splitBody(
  body: Uint8Array,
  jsonLength: string,
): { readonly json: Uint8Array; readonly binary: Uint8Array } {
  const length = /^\d{1,15}$/.test(jsonLength) ? Number(jsonLength) : Infinity;
  if (length > body.length) {
    const message = `Inference-Header-Content-Length must be a number of bytes, at most the ${body.length} of the body`;
    throw new RequestError(400, "json-length", message);
  }
  return { json: body.subarray(0, length), binary: body.subarray(length) };
}

/** One body of a reply with binary data, and the length of its JSON. */
export function joinBody(
  json: unknown,
  binary: readonly Uint8Array[],
): { readonly body: Uint8Array<ArrayBuffer>; readonly jsonLength: number } {
  const head = new TextEncoder().encode(JSON.stringify(json));
  const body = new Uint8Array(binary.reduce((size, part) => size + part.length, head.length));
  body.set(head);
  let at = head.length;
  for (const part of binary) {
    body.set(part, at);
    at += part.length;
  }
  return { body, jsonLength: head.length };
}
