import { describe, expect, test } from "bun:test";
import {
  ReplyMalformed,
  UpstreamBroken,
  UpstreamUnreachable,
  type UpstreamOptions,
  type UpstreamRequest,
} from "../../../../gateway/core/upstream.ts";
import { createUpstream } from "../../../../gateway/edges/upstream/upstream.ts";
import { startRawServer, type Peer } from "../../../support/raw-server.ts";

const ok = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
const get: UpstreamRequest = { method: "GET", path: "/", headers: [], body: null, deadlineMs: 5000 };
const post: UpstreamRequest = { ...get, method: "POST", path: "/infer", body: new TextEncoder().encode("[1,2]") };

async function start(play: (peer: Peer, nth: number) => Promise<void> | void, options: Partial<UpstreamOptions> = {}) {
  const server = await startRawServer(play);
  const upstream = createUpstream({ url: server.url, ...options });
  return {
    server,
    upstream,
    send: async (request: UpstreamRequest) => {
      const { status, headers, body } = await upstream.send(request);
      return { status, headers, body: Buffer.from(body).toString("latin1") };
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await upstream.close();
    },
  };
}

/** Answers every request with the same. */
async function answering(peer: Peer, reply = ok): Promise<void> {
  for (;;) {
    await peer.request();
    peer.send(reply);
  }
}

describe("connections", () => {
  test("are used again, one request after another", async () => {
    await using rig = await start((peer) => answering(peer));
    for (let nth = 0; nth < 5; nth++) expect(await rig.send(post)).toEqual({ status: 200, headers: [], body: "ok" });
    expect(rig.server.connections).toBe(1);
    expect(rig.server.requests[4]).toBe(
      `POST /infer HTTP/1.1\r\nhost: ${rig.server.url.slice(7)}\r\ncontent-length: 5\r\n\r\n[1,2]`,
    );
  });

  test("carry one request at a time, so that a slow reply holds up nobody", async () => {
    const slow = Promise.withResolvers<void>();
    await using rig = await start(async (peer, nth) => {
      await peer.request();
      if (nth === 0) await slow.promise;
      peer.send(ok);
    });
    const first = rig.send(post);
    expect((await rig.send(post)).body).toBe("ok");
    slow.resolve();
    expect((await first).body).toBe("ok");
    expect(rig.server.connections).toBe(2);
  });

  test.each([
    ["says so", "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok"],
    ["speaks HTTP/1.0", "HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok"],
    ["sends more than was asked for", `${ok}HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil`],
  ])("are not used again where the upstream %s", async (_, reply) => {
    await using rig = await start((peer) => answering(peer, reply));
    for (let nth = 0; nth < 3; nth++) expect((await rig.send(post)).body).toBe("ok");
    expect(rig.server.connections).toBe(3);
  });

  test("are closed when something comes that nobody asked for, which is nobody's reply", async () => {
    const evil = Promise.withResolvers<void>();
    await using rig = await start(async (peer, nth) => {
      await peer.request();
      peer.send(ok);
      if (nth === 0) {
        await evil.promise;
        peer.send("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil");
        await peer.gone;
        gone.resolve();
      }
    });
    const gone = Promise.withResolvers<void>();
    expect((await rig.send(post)).body).toBe("ok");
    evil.resolve();
    await gone.promise;
    expect((await rig.send(post)).body).toBe("ok");
    expect(rig.server.connections).toBe(2);
  });

  test("are closed when nobody has used them for a while, or sooner where the upstream will", async () => {
    const closed: Promise<void>[] = [];
    await using rig = await start(
      (peer, nth) => {
        closed.push(peer.gone);
        return answering(peer, nth === 0 ? ok : ok.replace("\r\n\r\n", "\r\nkeep-alive: timeout=0\r\n\r\n"));
      },
      { idleMs: 30 },
    );
    await rig.send(post);
    await closed[0];
    await rig.send(post);
    await closed[1];
    await rig.send(post);
    expect(rig.server.connections).toBe(3);
  });
});

describe("replies", () => {
  test("in pieces, chunked, until the end of the connection, after interim ones", async () => {
    const chunked = [
      "HTTP/1.",
      "1 200 OK\r\ntransfer-enco",
      "ding: chunked\r",
      "\n\r\n1",
      "\r\nh\r",
      "\n4\r\nello\r\n0\r\n",
      "\r\n",
    ];
    await using rig = await start(async (peer) => {
      await peer.request();
      await peer.sendInPieces(chunked);
      await peer.request();
      await peer.sendInPieces([
        "HTTP/1.1 100 Continue\r\n\r",
        "\nHTTP/1.1 404 Not Found\r\ncontent-length: 4\r\n\r\nno",
        "ne",
      ]);
      await peer.request();
      await peer.sendInPieces(["HTTP/1.1 200 OK\r\nx: y\r\n\r\nun", "til ", "closed"]);
      peer.end();
    });
    expect(await rig.send(post)).toEqual({ status: 200, headers: [], body: "hello" });
    expect(await rig.send(post)).toEqual({ status: 404, headers: [], body: "none" });
    expect(await rig.send(post)).toEqual({ status: 200, headers: [["x", "y"]], body: "until closed" });
    expect(rig.server.connections).toBe(1);
  });

  test("without a body: to a HEAD, 204, 304", async () => {
    const replies = [
      "HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n",
      "HTTP/1.1 204 No Content\r\n\r\n",
      "HTTP/1.1 304 Not Modified\r\ncontent-length: 50\r\n\r\n",
    ];
    await using rig = await start(async (peer) => {
      for (const reply of replies) {
        await peer.request();
        peer.send(reply);
      }
    });
    expect(await rig.send({ ...get, method: "HEAD" })).toMatchObject({ status: 200, body: "" });
    expect(await rig.send(get)).toMatchObject({ status: 204, body: "" });
    expect(await rig.send(get)).toMatchObject({ status: 304, body: "" });
    expect(rig.server.connections).toBe(1);
  });

  test("of many megabytes, to requests of many megabytes that are read slowly", async () => {
    const size = 20 * 1024 * 1024;
    const large = new Uint8Array(size).fill(0x61);
    await using rig = await start(async (peer) => {
      const request = await peer.request();
      const body = request.slice(request.indexOf("\r\n\r\n") + 4);
      peer.send(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n`);
      peer.send(Buffer.from(body, "latin1"));
      await answering(peer);
    });
    const reply = await rig.upstream.send({ ...post, body: large });
    expect(Bun.hash(reply.body)).toBe(Bun.hash(large));
    expect((await rig.send(post)).body).toBe("ok");
    expect(rig.server.connections).toBe(1);
  });

  test("that are too large, or no replies, end their connection and nothing else", async () => {
    const bad = [
      "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n",
      "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\nok",
      "SSH-2.0-OpenSSH_9.2\r\n",
    ];
    const gone: Promise<void>[] = [];
    await using rig = await start(
      (peer, nth) => {
        gone.push(peer.gone);
        return answering(peer, bad[nth] ?? ok);
      },
      { maxReplyBytes: 100 },
    );
    for (const _ of bad) expect(await rig.send(post).catch((error: unknown) => error)).toBeInstanceOf(ReplyMalformed);
    expect((await rig.send(post)).body).toBe("ok");
    await Promise.all(gone.slice(0, bad.length));
  });

  test("before the whole request was read are taken, and the connection is not used again", async () => {
    await using rig = await start(async (peer, nth) => {
      if (nth > 0) return answering(peer);
      peer.stopReading();
      peer.send("HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\n\r\n");
    });
    expect((await rig.send({ ...post, body: new Uint8Array(64 * 1024 * 1024) })).status).toBe(413);
    expect((await rig.send(post)).body).toBe("ok");
    expect(rig.server.connections).toBe(2);
  });
});

describe("a connection that ends", () => {
  /** The first connection answers once, takes another request, and then ends. */
  const closing = (how: "end" | "reset") => async (peer: Peer, nth: number) => {
    if (nth > 0) return answering(peer);
    await peer.request();
    peer.send(ok);
    await peer.request();
    peer[how]();
  };

  test.each(["end", "reset"] as const)(
    "as it is used again (%s): what may be repeated is sent on a new one",
    async (how) => {
      for (const request of [get, { ...post, repeatable: true }]) {
        await using rig = await start(closing(how));
        await rig.send(request);
        expect((await rig.send(request)).body).toBe("ok");
        expect(rig.server.requests).toHaveLength(3);
      }
    },
  );

  test.each(["end", "reset"] as const)("as it is used again (%s): what may not be repeated is not", async (how) => {
    for (const request of [post, { ...get, repeatable: false }]) {
      await using rig = await start(closing(how));
      await rig.send(request);
      expect(await rig.send(request).catch((error: unknown) => error)).toBeInstanceOf(UpstreamBroken);
      expect(rig.server.requests).toHaveLength(2);
      expect((await rig.send(request)).body).toBe("ok");
    }
  });

  test("before it is used again is noticed, and no request is lost to it", async () => {
    await using rig = await start(async (peer) => {
      await peer.request();
      peer.send(ok);
      peer.end();
      await peer.gone;
      gone.resolve();
    });
    let gone = Promise.withResolvers<void>();
    for (let nth = 0; nth < 3; nth++) {
      expect((await rig.send(post)).body).toBe("ok");
      await gone.promise;
      gone = Promise.withResolvers<void>();
    }
    expect(rig.server.connections).toBe(3);
  });

  test("without a reply on a new connection is not tried again", async () => {
    await using rig = await start(async (peer) => {
      await peer.request();
      peer.end();
    });
    expect(await rig.send(get).catch((error: unknown) => error)).toBeInstanceOf(UpstreamBroken);
    expect(rig.server.connections).toBe(1);
  });

  test.each([
    ["HTTP/1.1 2", "end"],
    ["HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel", "end"],
    ["HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel", "reset"],
    ["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n", "end"],
    ["HTTP/1.1 200 OK\r\n\r\nhel", "reset"],
  ] as const)("in the middle of a reply (%j, %s) is an error, and nothing is sent twice", async (begun, how) => {
    await using rig = await start(async (peer) => {
      await peer.request();
      peer.send(ok);
      await peer.request();
      await peer.sendInPieces([begun]);
      // A reset overtakes what is not read yet.
      await Bun.sleep(20);
      peer[how]();
    });
    await rig.send(get);
    const error = await rig.send(get).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(UpstreamBroken);
    expect(error).toHaveProperty("message", expect.stringContaining("in the middle of its reply"));
    expect(rig.server.requests).toHaveLength(2);
  });

  test("where nobody listens, nothing was sent", async () => {
    const server = await startRawServer(() => {});
    await server[Symbol.asyncDispose]();
    const upstream = createUpstream({ url: server.url });
    const error = await upstream.send(post).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(UpstreamUnreachable);
    expect(error).toHaveProperty("message", "no connection to the upstream can be made (ECONNREFUSED)");
    expect(upstream.inFlight).toBe(0);
    await upstream.close();
  });
});
