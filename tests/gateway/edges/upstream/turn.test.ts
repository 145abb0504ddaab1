import { expect, test } from "bun:test";
import type { UpstreamRequest } from "../../../../gateway/core/upstream.ts";
import { createUpstream } from "../../../../gateway/edges/upstream/upstream.ts";
import { startRawServer, type Peer } from "../../../support/raw-server.ts";

const ok = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
const get: UpstreamRequest = { method: "GET", path: "/", headers: [], body: null, deadlineMs: 5000 };

/** A server that answers everything, and the connections that it has had. */
async function answering() {
  const peers: Peer[] = [];
  const server = await startRawServer(async (peer) => {
    peers.push(peer);
    for (;;) {
      await peer.request();
      peer.send(ok);
    }
  });
  return { server, peers };
}

test("what comes in the turn of the event loop in which a request is made is no reply to it", async () => {
  const { server, peers } = await answering();
  await using _ = server;
  const upstream = createUpstream({ url: server.url });
  await upstream.send(get);
  // What asks comes from the network too, before the bytes that nobody wants.
  const accepted = Promise.withResolvers<void>();
  const reply = Promise.withResolvers<{ readonly body: Uint8Array }>();
  using callers = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { open: () => accepted.resolve(), data: () => reply.resolve(upstream.send(get)) },
  });
  using caller = await Bun.connect({ hostname: "127.0.0.1", port: callers.port, socket: { data() {} } });
  await accepted.promise;
  caller.write("?");
  peers[0]?.send("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil");
  expect(Buffer.from((await reply.promise).body).toString()).toBe("ok");
  expect(server.connections).toBe(2);
  await upstream.close();
});
