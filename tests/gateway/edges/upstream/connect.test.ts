import { expect, test } from "bun:test";
import { DeadlineExceeded } from "../../../../gateway/core/ports.ts";
import { UpstreamUnreachable, type UpstreamRequest } from "../../../../gateway/core/upstream.ts";
import { createUpstream } from "../../../../gateway/edges/upstream/upstream.ts";
import { startDeafServer } from "../../../support/deaf-server.ts";
import { startRawServer } from "../../../support/raw-server.ts";

const get: UpstreamRequest = { method: "GET", path: "/", headers: [], body: null, deadlineMs: 5000 };
const caught = (reply: Promise<unknown>): Promise<unknown> => reply.catch((error: unknown) => error);

test("where nothing answers, connecting takes its time and no more, and nothing was sent", async () => {
  await using server = await startDeafServer();
  const upstream = createUpstream({ url: server.url, connectMs: 60 });
  const error = await caught(upstream.send({ ...get, method: "POST" }));
  expect(error).toBeInstanceOf(UpstreamUnreachable);
  expect(error).toHaveProperty("message", "the upstream took no connection within 60 ms");
  expect(await caught(upstream.send({ ...get, deadlineMs: 20 }))).toBeInstanceOf(DeadlineExceeded);
  expect(upstream.inFlight).toBe(0);
  await upstream.close();
});

test("the time for connecting is over once there is a connection", async () => {
  await using server = await startRawServer(async (peer) => {
    await peer.request();
    await Bun.sleep(120);
    peer.send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
  });
  const upstream = createUpstream({ url: server.url, connectMs: 60 });
  expect((await upstream.send(get)).status).toBe(200);
  await upstream.close();
});

test("attempts that cannot be stopped do not pile up", async () => {
  await using server = await startDeafServer();
  const upstream = createUpstream({ url: server.url, connectMs: 30, maxConnections: 2 });
  const first = await Promise.all([1, 2].map(() => caught(upstream.send(get))));
  const more = [];
  for (let nth = 0; nth < 5; nth++) more.push(await caught(upstream.send(get)));
  const messages = [...first, ...more].map((error) => (error instanceof UpstreamUnreachable ? error.message : ""));
  expect(messages.slice(0, 2)).toEqual(Array.from({ length: 2 }, () => "the upstream took no connection within 30 ms"));
  expect(messages.slice(2)).toEqual(
    Array.from({ length: 5 }, () => "the upstream has taken no connection for some time"),
  );
  await upstream.close();
});
