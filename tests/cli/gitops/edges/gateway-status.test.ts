import { expect, test } from "bun:test";
import { readGatewayStatus } from "../../../../cli/gitops/edges/gateway-status.ts";

async function answering(reply: () => Response): Promise<unknown> {
  using server = Bun.serve({
    port: 0,
    fetch: ({ url }) => (url.endsWith("/status") ? reply() : new Response("")),
  });
  return await readGatewayStatus(`${server.url.href}/`);
}

test("a gateway's status is read, whatever slashes its address ends with", async () => {
  const body = { environment: "dev", revision: "abc", models: [], cuts: [], problems: [] };
  expect(await answering(() => Response.json({ ...body, source: "files" }))).toEqual(body);
});

test("what gives no such answer is told with the reason", async () => {
  const stranger = { error: "what answers there is no gateway of mmsp" };
  expect(await answering(() => new Response("<html>"))).toEqual(stranger);
  expect(await answering(() => Response.json(null))).toEqual(stranger);
  expect(await answering(() => new Response("", { status: 503 }))).toEqual({ error: "it answers with 503" });
  expect(await readGatewayStatus("http://127.0.0.1:1")).toEqual({ error: "it cannot be reached" });
  expect(await readGatewayStatus("no address")).toEqual({ error: "it cannot be reached" });
});
