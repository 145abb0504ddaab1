import { createServer } from "node:tls";
import { expect, test } from "bun:test";
import { CallerGone, DeadlineExceeded, Overloaded } from "../../../../gateway/core/ports.ts";
import {
  ReplyMalformed,
  UpstreamBroken,
  UpstreamUnreachable,
  type UpstreamRequest,
} from "../../../../gateway/core/upstream.ts";
import { createUpstream } from "../../../../gateway/edges/upstream/upstream.ts";
import { makeCertificate, startHttps } from "../../../support/https.ts";

const post: UpstreamRequest = {
  method: "POST",
  path: "/infer?a=b",
  headers: [],
  body: new TextEncoder().encode("[1,2]"),
  deadlineMs: 5000,
};
const caught = (reply: Promise<unknown>): Promise<unknown> => reply.catch((error: unknown) => error);

test("an upstream behind TLS gets the request and gives the reply, each without what is about the connection", async () => {
  const seen: unknown[] = [];
  using server = startHttps(async (request) => {
    const { pathname, search } = new URL(request.url);
    seen.push(
      request.method,
      pathname + search,
      request.headers.get("x-mine"),
      request.headers.get("te"),
      await request.text(),
    );
    return new Response("reply", { status: 418, headers: { "x-theirs": "1", "keep-alive": "timeout=9", te: "x" } });
  });
  const upstream = createUpstream({ url: server.url, fetch: server.fetch });
  const headers = [["x-mine", "yes"], ["te", "trailers"], ["content-length", "900"]] as const; // prettier-ignore
  const reply = await upstream.send({ ...post, headers });
  expect(seen).toEqual(["POST", "/infer?a=b", "yes", null, "[1,2]"]);
  expect(reply.status).toBe(418);
  expect(new TextDecoder().decode(reply.body)).toBe("reply");
  expect(reply.headers.map(([name]) => name)).toContain("x-theirs");
  expect(reply.headers.map(([name]) => name)).not.toContainAnyValues(["keep-alive", "te", "content-length"]);
  await upstream.close();
});

test("bodies are passed on encoded as they are, and redirects are replies", async () => {
  const zipped = Bun.gzipSync("compressed");
  using server = startHttps(({ url }) =>
    url.endsWith("/moved")
      ? new Response(null, { status: 302, headers: { location: "/" } })
      : new Response(zipped, { headers: { "content-encoding": "gzip" } }),
  );
  const upstream = createUpstream({ url: server.url, fetch: server.fetch });
  const reply = await upstream.send(post);
  expect(reply.headers).toContainEqual(["content-encoding", "gzip"]);
  expect(Buffer.from(reply.body).equals(zipped)).toBe(true);
  expect((await upstream.send({ ...post, path: "/moved" })).status).toBe(302);
  await upstream.close();
});

test("deadlines, callers who go away, a full queue and large replies end as they do on plain connections", async () => {
  const asked: PromiseWithResolvers<void>[] = [Promise.withResolvers(), Promise.withResolvers()];
  let requests = 0;
  using server = startHttps(async ({ url }) => {
    if (url.endsWith("/large")) return new Response("x".repeat(1000));
    asked[requests++]?.resolve();
    return new Promise<never>(() => {});
  });
  const upstream = createUpstream({
    url: server.url,
    fetch: server.fetch,
    maxConnections: 1,
    maxQueue: 1,
    maxReplyBytes: 100,
  });
  const late = caught(upstream.send({ ...post, deadlineMs: 300 }));
  const caller = new AbortController();
  const left = caught(upstream.send({ ...post, gone: () => caller.signal }));
  expect(await caught(upstream.send(post))).toBeInstanceOf(Overloaded);
  expect(await late).toBeInstanceOf(DeadlineExceeded);
  await asked[1]?.promise;
  caller.abort();
  expect(await left).toBeInstanceOf(CallerGone);
  expect(await caught(upstream.send({ ...post, path: "/large" }))).toBeInstanceOf(ReplyMalformed);
  expect(upstream.inFlight).toBe(0);
  await upstream.close();
});

test("where no connection can be made, or the certificate is nobody's that is trusted, nothing was sent", async () => {
  let requests = 0;
  using server = startHttps(() => {
    requests++;
    return new Response("");
  });
  const untrusting = createUpstream({ url: server.url });
  expect(await caught(untrusting.send(post))).toBeInstanceOf(UpstreamUnreachable);
  expect(requests).toBe(0);
  const nobody = createUpstream({ url: "https://127.0.0.1:1" });
  expect(await caught(nobody.send(post))).toBeInstanceOf(UpstreamUnreachable);
  await Promise.all([untrusting.close(), nobody.close()]);
});

test.each(["end", "destroy", "resetAndDestroy"] as const)(
  "what may not be repeated is not, where a connection ends as it is used again (%s)",
  async (how) => {
    using certificate = makeCertificate();
    let requests = 0;
    const server = createServer(certificate.tls, (socket) => {
      let asked = 0;
      socket.on("error", () => undefined); // the client sees it
      socket.on("data", () => {
        requests++;
        if (++asked > 1) socket[how]();
        else socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
      });
    });
    const { promise: listening, resolve } = Promise.withResolvers<void>();
    server.listen(0, "localhost", resolve);
    await listening;
    const address = server.address();
    const url = `https://localhost:${typeof address === "object" ? address?.port : ""}`;
    const upstream = createUpstream({ url, fetch: certificate.fetch });
    expect((await upstream.send(post)).status).toBe(200);
    expect(await caught(upstream.send(post))).toBeInstanceOf(UpstreamBroken);
    expect(requests).toBe(2);
    await upstream.close();
    server.close();
  },
);

test("what cannot be written as a request is not sent", async () => {
  const upstream = createUpstream({ url: "https://127.0.0.1:1" });
  expect(await caught(upstream.send({ ...post, path: "//a b" }))).toBeInstanceOf(TypeError);
  expect(await caught(upstream.send({ ...post, headers: [["x", "a\nb"]] }))).toBeInstanceOf(TypeError);
  await upstream.close();
});
