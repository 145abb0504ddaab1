/** An injected fault as a response. */
import type { FaultAnswer, LineFault } from "./fault.ts";

/** `cut` of a call that was not served breaks off after this. */
const START_OF_ANY_REPLY = '{"';

/** `whole`: what the call would have been answered with, where it was served. */
export async function faultReply(fault: FaultAnswer | LineFault, whole: Response | null): Promise<Response> {
  if (fault === "silence") return Promise.withResolvers<never>().promise;
  if (fault === "reset") return new Response(brokenStream(null));
  if (fault === "cut") {
    const text = (await whole?.text()) || START_OF_ANY_REPLY;
    const headers = whole?.headers ?? { "content-type": "application/json; charset=utf-8" };
    return new Response(brokenStream(text.slice(0, Math.ceil(text.length / 2))), {
      status: whole?.status ?? 200,
      headers,
    });
  }
  const { status, body, headers = {} } = fault;
  if (typeof body === "string")
    return new Response(body, { status, headers: { "content-type": "text/html", ...headers } });
  return Response.json(body, { status, headers: { "content-type": "application/json; charset=utf-8", ...headers } });
}

/** A body that ends in an error, over which the server closes the connection. With null: it does so before any header. */
function brokenStream(start: string | null): ReadableStream {
  return new ReadableStream({
    async start(controller) {
      if (start !== null) {
        controller.enqueue(new TextEncoder().encode(start));
        // The headers and this go out first; an error in the same turn takes them back.
        await Bun.sleep(1);
      }
      // Null is the one error that Bun does not print.
      controller.error(null);
    },
  });
}
