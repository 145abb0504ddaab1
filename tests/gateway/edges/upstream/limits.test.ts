import { describe, expect, test } from "bun:test";
import { CallerGone, DeadlineExceeded, Overloaded, type Gone } from "../../../../gateway/core/ports.ts";
import { UpstreamUnreachable, type UpstreamRequest } from "../../../../gateway/core/upstream.ts";
import { createUpstream } from "../../../../gateway/edges/upstream/upstream.ts";
import { startRawServer, type Peer } from "../../../support/raw-server.ts";

const ok = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
const post: UpstreamRequest = {
  method: "POST",
  path: "/infer",
  headers: [],
  body: new TextEncoder().encode("[1,2]"),
  deadlineMs: 5000,
};

const caught = (reply: Promise<unknown>): Promise<unknown> => reply.catch((error: unknown) => error);

/** Says when a connection has got its request, and when it is gone; answers nothing. */
function silent() {
  const asked = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  const play = async (peer: Peer) => {
    await peer.request();
    asked.resolve();
    await peer.gone;
    gone.resolve();
  };
  return { asked: asked.promise, gone: gone.promise, play };
}

describe("time", () => {
  test("that a reply may take ends, and its connection with it", async () => {
    const { play, gone } = silent();
    await using server = await startRawServer(play);
    const upstream = createUpstream({ url: server.url });
    const started = performance.now();
    const error = await caught(upstream.send({ ...post, deadlineMs: 60 }));
    expect(error).toBeInstanceOf(DeadlineExceeded);
    expect(error).toHaveProperty("message", "the upstream did not answer within 60 ms");
    expect(performance.now() - started).toBeGreaterThanOrEqual(60);
    await gone;
    expect(upstream.inFlight).toBe(0);
    await upstream.close();
  });

  test("ends for each request by itself, also where others have more of it", async () => {
    await using server = await startRawServer(silent().play);
    const upstream = createUpstream({ url: server.url });
    const order: number[] = [];
    await Promise.all(
      [90, 30, 60].map((deadlineMs) =>
        caught(upstream.send({ ...post, deadlineMs })).then(() => order.push(deadlineMs)),
      ),
    );
    expect(order).toEqual([30, 60, 90]);
    await upstream.close();
  });

  test("ends for a reply that comes drop by drop", async () => {
    await using server = await startRawServer(async (peer) => {
      await peer.request();
      await peer.sendInPieces([
        "HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n",
        ...Array.from({ length: 2000 }, () => "x"),
      ]);
    });
    const upstream = createUpstream({ url: server.url, firstByteMs: 1000 });
    expect(await caught(upstream.send({ ...post, deadlineMs: 80 }))).toBeInstanceOf(DeadlineExceeded);
    await upstream.close();
  });

  test("is not over for a reply that came in time, while something held up the process", async () => {
    await using server = await startRawServer(async (peer) => {
      await peer.request();
      peer.send(ok);
      for (const until = performance.now() + 150; performance.now() < until;);
    });
    const upstream = createUpstream({ url: server.url });
    expect((await upstream.send({ ...post, deadlineMs: 100 })).status).toBe(200);
    await upstream.close();
  });

  test("to the first byte has a limit of its own, which the rest of the reply has not", async () => {
    await using server = await startRawServer(async (peer, nth) => {
      await peer.request();
      if (nth > 0) return;
      await peer.sendInPieces(["H"]);
      await Bun.sleep(80);
      peer.send(ok.slice(1));
    });
    const upstream = createUpstream({ url: server.url, firstByteMs: 50, maxConnections: 2 });
    const [first, second] = [upstream.send(post), caught(upstream.send(post))];
    expect(await second).toHaveProperty("message", "the upstream did not begin to answer within 50 ms");
    expect((await first).status).toBe(200);
    await upstream.close();
  });
});

describe("a caller who goes away", () => {
  test("takes the request along: the connection is closed, and the next caller gets another", async () => {
    const { play, asked, gone } = silent();
    await using server = await startRawServer(play);
    const upstream = createUpstream({ url: server.url });
    const caller = new AbortController();
    const reply = caught(upstream.send({ ...post, gone: () => caller.signal }));
    await asked;
    caller.abort();
    expect(await reply).toBeInstanceOf(CallerGone);
    await gone;
    await upstream.close();
  });

  test("before or after the request changes nothing for others", async () => {
    await using server = await startRawServer(async (peer) => {
      for (;;) {
        await peer.request();
        peer.send(ok);
      }
    });
    const upstream = createUpstream({ url: server.url });
    const caller = new AbortController();
    const gone = (): AbortSignal => caller.signal;
    expect((await upstream.send({ ...post, gone })).status).toBe(200);
    caller.abort();
    expect((await upstream.send(post)).status).toBe(200);
    expect(server.connections).toBe(1);
    await upstream.close();
  });

  test("before the request takes it along as well, where the reply is not there at once", async () => {
    const { play, gone } = silent();
    await using server = await startRawServer(play);
    const upstream = createUpstream({ url: server.url });
    expect(await caught(upstream.send({ ...post, gone: () => AbortSignal.abort() }))).toBeInstanceOf(CallerGone);
    await gone;
    await upstream.close();
  });

  test("is not asked after where the reply is there at once", async () => {
    await using server = await startRawServer(async (peer) => {
      await peer.request();
      peer.send(ok);
    });
    const upstream = createUpstream({ url: server.url });
    let asked = 0;
    const gone = (): AbortSignal => (asked++, new AbortController().signal);
    await upstream.send({ ...post, gone });
    expect(asked).toBe(0);
    await upstream.close();
  });
});

describe("the queue", () => {
  test("is bounded, first come first served, and those who leave it make room", async () => {
    const answers: (() => void)[] = [];
    await using server = await startRawServer(async (peer) => {
      for (;;) {
        await peer.request();
        answers.shift()?.();
        peer.send(ok);
      }
    });
    const upstream = createUpstream({ url: server.url, maxConnections: 1, maxQueue: 2 });
    const caller = new AbortController();
    const order: string[] = [];
    const send = (name: string, gone?: Gone) =>
      caught(upstream.send({ ...post, path: `/${name}`, ...(gone && { gone }) })).then(() => order.push(name));
    const sent = [send("a"), send("b"), send("c", () => caller.signal)];
    expect(upstream.inFlight).toBe(3);
    const error = await caught(upstream.send(post));
    expect(error).toBeInstanceOf(Overloaded);
    expect(error).toHaveProperty("message", "2 requests wait for the upstream already");
    caller.abort();
    sent.push(send("d"));
    expect(await caught(upstream.send(post))).toBeInstanceOf(Overloaded);
    await Promise.all(sent);
    expect(order).toEqual(["c", "a", "b", "d"]);
    expect(server.requests.map((request) => request.split(" ")[1])).toEqual(["/a", "/b", "/d"]);
    expect(upstream.inFlight).toBe(0);
    await upstream.close();
  });

  test("is left by those whose time is over, unsent", async () => {
    await using server = await startRawServer(silent().play);
    const upstream = createUpstream({ url: server.url, maxConnections: 1 });
    const [first, second] = [
      caught(upstream.send({ ...post, deadlineMs: 150 })),
      upstream.send({ ...post, deadlineMs: 40 }),
    ];
    const error = await caught(second);
    expect(error).toBeInstanceOf(Overloaded);
    expect(error).toHaveProperty("message", "the upstream had no room within 40 ms");
    expect(upstream.inFlight).toBe(1);
    await first;
    expect(server.requests).toHaveLength(1);
    await upstream.close();
  });

  test("takes its time of a request's: one that waited for most of it does not say that the answer was slow", async () => {
    await using server = await startRawServer(silent().play);
    const upstream = createUpstream({ url: server.url, maxConnections: 1 });
    const deadlines = [60, 100, 600];
    const errors = await Promise.all(deadlines.map((deadlineMs) => caught(upstream.send({ ...post, deadlineMs }))));
    expect(errors.map((error) => (error as Error).name)).toEqual([
      "DeadlineExceeded",
      "Overloaded",
      "DeadlineExceeded",
    ]);
    await upstream.close();
  });

  test("goes on when a connection breaks", async () => {
    await using server = await startRawServer(async (peer, nth) => {
      await peer.request();
      if (nth < 2) peer.reset();
      else peer.send(ok);
    });
    const upstream = createUpstream({ url: server.url, maxConnections: 1 });
    const replies = await Promise.allSettled([1, 2, 3].map(() => upstream.send(post)));
    expect(replies.map(({ status }) => status)).toEqual(["rejected", "rejected", "fulfilled"]);
    await upstream.close();
  });
});

test("closing waits for what is under way, and takes nothing more", async () => {
  const go = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  await using server = await startRawServer(async (peer) => {
    await peer.request();
    await go.promise;
    peer.send(ok);
    await peer.gone;
    gone.resolve();
  });
  const upstream = createUpstream({ url: server.url, maxConnections: 1 });
  const replies = [upstream.send(post)];
  const closed = upstream.close();
  expect(await caught(upstream.send(post))).toBeInstanceOf(UpstreamUnreachable);
  go.resolve();
  await closed;
  expect((await Promise.all(replies)).map(({ status }) => status)).toEqual([200]);
  await gone.promise;
});

test.each(["not an address", "ftp://host", "http://host/path", "http://user@host", "http://host?x"])(
  "%s is no upstream",
  (url) => {
    expect(() => createUpstream({ url })).toThrow(TypeError);
  },
);

test("what cannot be written as a request is not sent", async () => {
  await using server = await startRawServer(() => {});
  const upstream = createUpstream({ url: server.url });
  const split = [["x", "a\r\nGET /evil HTTP/1.1"]] as const;
  expect(await caught(upstream.send({ ...post, headers: split }))).toBeInstanceOf(TypeError);
  expect(await caught(upstream.send({ ...post, path: "/ HTTP/1.1\r\nx: y" }))).toBeInstanceOf(TypeError);
  expect(upstream.inFlight).toBe(0);
  expect(server.connections).toBe(0);
  await upstream.close();
});
