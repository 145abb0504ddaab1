import type { RawMessage } from "../core/ports.ts";
import type { Route } from "../core/route.ts";

/** Says how many bytes of a body are JSON; what comes after them is binary tensor data. */
const jsonBytesHeader = "inference-header-content-length";

/**
 * A body of the Open Inference Protocol as a model server may be handed it unread; null where it has to be read here: no version of
 * the model is on a server, or it is framed in a way that Triton takes for something else than a request in JSON.
 */
export function rawMessageOf(route: Route | undefined, request: Request, body: Uint8Array): RawMessage | null {
  if (route === undefined || ![...route.loaded.values()].some(({ forward }) => forward !== undefined)) return null;
  const given = request.headers.get(jsonBytesHeader);
  const jsonBytes = given === null ? null : /^\d{1,15}$/.test(given) ? Number(given) : 0;
  if (body.length === 0 || jsonBytes === 0 || (jsonBytes !== null && jsonBytes > body.length)) return null;
  return { body, contentType: jsonBytes === null ? "application/json" : "application/octet-stream", jsonBytes };
}

/** The reply of a model server, as it is handed on. */
export function rawResponse({ body, jsonBytes }: RawMessage, headers: Readonly<Record<string, string>>): Response {
  const framing: Record<string, string> =
    jsonBytes === null
      ? { "content-type": "application/json" }
      : { "content-type": "application/octet-stream", [jsonBytesHeader]: String(jsonBytes) };
  return new Response(body as Uint8Array<ArrayBuffer>, { headers: { ...headers, ...framing } });
}
