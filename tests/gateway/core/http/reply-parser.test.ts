import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { createReplyParser, type ReplyLimits } from "../../../../gateway/core/http/reply-parser.ts";
import { fuzzReplyParser, outcomeOf, validReply, type Outcome } from "../../../fuzz/reply-parser.ts";
import { seededRandom } from "../../../support/random.ts";

const limits: ReplyLimits = { maxHeadBytes: 400, maxHeaders: 10, maxBodyBytes: 100 };

function parse(text: string, toHead = false): Outcome {
  return outcomeOf(createReplyParser(limits), [Buffer.from(text, "latin1")], toHead);
}

/** Lines with their ends, and the empty one that ends a head; then the body. */
function reply(lines: readonly string[], body = ""): string {
  return `${lines.map((line) => `${line}\r\n`).join("")}\r\n${body}`;
}

/** Status, headers, body, and what was left over. */
function read(text: string, toHead = false) {
  const outcome = parse(text, toHead);
  if (outcome.kind !== "reply") throw new Error(JSON.stringify(outcome));
  const { status, headers, body } = outcome.reply;
  return { status, headers, body: Buffer.from(body).toString("latin1"), rest: text.slice(outcome.taken) };
}

describe("where a reply ends", () => {
  test("after as many bytes as it says", () => {
    const text = reply(["HTTP/1.1 200 OK", "Content-Length: 5"], "hello and more");
    expect(read(text)).toEqual({ status: 200, headers: [], body: "hello", rest: " and more" });
  });

  test("after the last chunk and its trailers, which are dropped", () => {
    const chunks = '5\r\nhello\r\n00B;name="value" \r\n, all of it\r\n0\r\nx-sum: 1\r\n\r\nmore';
    expect(read(reply(["HTTP/1.1 200 OK", "transfer-encoding: Chunked"], chunks))).toEqual({
      status: 200,
      headers: [],
      body: "hello, all of it",
      rest: "more",
    });
  });

  test("where the connection ends, if it says nothing", () => {
    expect(read(reply(["HTTP/1.0 200 OK", "x: y"], "until the end"))).toMatchObject({
      body: "until the end",
      rest: "",
    });
  });

  test.each([
    ["HTTP/1.1 204 No Content", false],
    ["HTTP/1.1 304 Not Modified", false],
    ["HTTP/1.1 200 OK", true],
  ])("at once with %s (to a HEAD: %p)", (status, toHead) => {
    const framing = status.includes("204") ? [] : ["content-length: 5"];
    expect(read(reply([status, ...framing], "next"), toHead)).toMatchObject({ body: "", rest: "next" });
  });

  test("interim replies are passed over", () => {
    const interim = reply(["HTTP/1.1 100 Continue"]) + reply(["HTTP/1.1 103 Early Hints", "link: </a>"]);
    const last = reply(["HTTP/1.1 201 Created", "content-length: 2"], "ok");
    expect(read(interim + last)).toEqual({ status: 201, headers: [], body: "ok", rest: "" });
  });
});

describe("what is passed on", () => {
  test("headers in their order, names in lower case, values without the spaces around them", () => {
    const lines = [
      "HTTP/1.1 200",
      "Content-Type:text/plain",
      "X-A: \t1, 2 ",
      "x-a: \xa03",
      "empty:",
      "content-length: 0",
    ];
    expect(read(reply(lines)).headers).toEqual([
      ["content-type", "text/plain"],
      ["x-a", "1, 2"],
      ["x-a", "\xa03"],
      ["empty", ""],
    ]);
  });

  test("never what is about the connection, nor what Connection names", () => {
    const names = [
      "keep-alive",
      "te",
      "trailer",
      "upgrade",
      "expect",
      "proxy-authenticate",
      "Proxy-Connection",
      "x-mine",
    ];
    const lines = [
      "HTTP/1.1 200 OK",
      ...names.map((name) => `${name}: x`),
      "Connection: X-Mine , close",
      "content-length: 0",
    ];
    expect(read(reply(lines)).headers).toEqual([]);
  });

  test("whether the connection may be used again, and for how long", () => {
    const kept = (...lines: string[]) => {
      const outcome = parse(reply([...lines, "content-length: 0"]));
      return outcome.kind === "reply" ? [outcome.reply.keptAlive, outcome.reply.keptAliveMs] : outcome;
    };
    expect(kept("HTTP/1.1 200 OK")).toEqual([true, null]);
    expect(kept("HTTP/1.1 200 OK", "keep-alive: timeout=5, max=99")).toEqual([true, 5000]);
    expect(kept("HTTP/1.1 200 OK", "connection: Close")).toEqual([false, null]);
    expect(kept("HTTP/1.0 200 OK", "connection: keep-alive")).toEqual([false, null]);
  });
});

describe("what is refused", () => {
  const ok = "HTTP/1.1 200 OK";
  const chunked = [ok, "transfer-encoding: chunked"];
  test.each([
    ["two lengths", reply([ok, "content-length: 1", "content-length: 1"], "a"), "two content-length"],
    ["a list of lengths", reply([ok, "content-length: 1, 1"], "a"), 'content-length is "1, 1"'],
    ["a length with a sign", reply([ok, "content-length: +1"], "a"), 'content-length is "+1"'],
    ["a length that is no number", reply([ok, "content-length: 0x1"], "a"), 'content-length is "0x1"'],
    ["an empty length", reply([ok, "content-length:"]), 'content-length is ""'],
    ["a length and chunks", reply([ok, "content-length: 1", "transfer-encoding: chunked"]), "both"],
    ["two codings", reply([...chunked, "transfer-encoding: chunked"]), "two transfer-encoding"],
    ["a coding that nobody asked for", reply([ok, "transfer-encoding: gzip, chunked"]), '"gzip, chunked"'],
    ["a coding in HTTP/1.0", reply(["HTTP/1.0 200 OK", "transfer-encoding: chunked"]), "in HTTP/1.0"],
    ["a folded header", reply([ok, "x: a", " b"]), "header 2 is malformed"],
    ["a space before the colon", reply([ok, "content-length : 1"]), "header 1 is malformed"],
    ["a header without a name", reply([ok, ": a"]), "header 1 is malformed"],
    ["a header without a colon", reply([ok, "thing"]), "header 1 is malformed"],
    ["NUL in a value", reply([ok, "x: a\0b"]), "header 1 is malformed"],
    ["CR alone in a value", reply([ok, "x: a\rcontent-length: 1"]), "header 1 is malformed"],
    ["LF alone", `${ok}\ncontent-length: 0\n\n`, "LF without CR"],
    ["another protocol", "220 mail.example ESMTP\r\n", "not with a status line"],
    ["HTTP/2", reply(["HTTP/2 200"]), "not with a status line"],
    ["a status above 599", reply(["HTTP/1.1 600 What"]), "not with a status line"],
    ["a change of the protocol", reply(["HTTP/1.1 101 Switching Protocols", "upgrade: x"]), "changes the protocol"],
    ["an interim reply with a body", reply(["HTTP/1.1 100 Continue", "content-length: 1"]), "body with status 100"],
    ["no content, of some length", reply(["HTTP/1.1 204 No Content", "content-length: 1"]), "body with status 204"],
    ["a chunk without a size", reply(chunked, "\r\n"), "no proper size"],
    ["a chunk's size with a sign", reply(chunked, "-1\r\n"), "no proper size"],
    ["a chunk's size in C", reply(chunked, "0x1\r\na\r\n"), "no proper size"],
    ["a chunk's size with nine digits", reply(chunked, "000000001\r\na\r\n"), "no proper size"],
    ["a chunk's size after a space", reply(chunked, " 1\r\na\r\n"), "no proper size"],
    ["a chunk that is longer than its size", reply(chunked, "1\r\nab\r\n"), "a chunk is too long"],
    ["a chunk whose end has no CR", reply(chunked, "1\r\na\n"), "LF without CR"],
    ["an endless extension of a chunk", reply(chunked, `1;${"x".repeat(300)}`), "chunk's size is too long"],
    ["a trailer that is none", reply(chunked, "0\r\na b: c\r\n\r\n"), "a trailer is malformed"],
    ["endless trailers", reply(chunked, `0\r\n${"a: b\r\n".repeat(11)}`), "too many trailers"],
    ["too many headers", reply([ok, ...Array.from({ length: 11 }, () => "a: b")]), "more than 10 headers"],
    ["an endless head", `${ok}\r\nx: ${"y".repeat(400)}`, "its head is too long"],
    ["endless interim replies", reply(["HTTP/1.1 100 Continue"]).repeat(20), "its head is too long"],
    ["more bytes than allowed, announced", reply([ok, "content-length: 101"]), "larger than 100 bytes"],
    [
      "more bytes than allowed, in chunks",
      reply(chunked, `50\r\n${"x".repeat(80)}\r\n15\r\n`),
      "larger than 100 bytes",
    ],
    ["more bytes than allowed, until the end", reply([ok], "x".repeat(101)), "larger than 100 bytes"],
  ])("%s", (_, text, message) => {
    const outcome = parse(text);
    expect(outcome).toEqual({ kind: "malformed", message: expect.stringContaining(message) });
  });
});

test("what breaks off is no reply, wherever it does", () => {
  const texts = [
    reply(["HTTP/1.1 200 OK", "content-length: 5"], "hello"),
    reply(["HTTP/1.1 200 OK", "transfer-encoding: chunked"], "5\r\nhello\r\n0\r\nx: y\r\n\r\n"),
  ];
  for (const text of texts) {
    expect(parse(text).kind).toBe("reply");
    for (let at = 0; at < text.length; at++) expect(parse(text.slice(0, at)).kind).toBe("cut-off");
  }
});

test("however a reply is cut, it says the same", () => {
  const cuts = fc.array(fc.nat(2000), { maxLength: 30 });
  fc.assert(
    fc.property(fc.nat(), cuts, fc.boolean(), (seed, cuts, again) => {
      const bytes = validReply(seededRandom(seed));
      const places = [0, ...cuts.filter((at) => at < bytes.length).toSorted((a, b) => a - b), bytes.length];
      const pieces = places.slice(1).map((to, nth) => bytes.subarray(places[nth], to));
      const roomy = { maxHeadBytes: 4000, maxHeaders: 20, maxBodyBytes: 4000 };
      const whole = outcomeOf(createReplyParser(roomy), [bytes]);
      const parser = createReplyParser(roomy);
      if (again) outcomeOf(parser, [bytes]);
      expect(outcomeOf(parser, pieces)).toEqual(whole);
      expect(whole.kind).toBe("reply");
    }),
  );
});

test("a head that is known already counts against the limits as it did the first time", () => {
  const trailers = `0\r\nx: ${"y".repeat(330)}\r\n\r\n`;
  const bytes = (text: string) => [
    Buffer.from(reply(["HTTP/1.1 200 OK", `x: ${"y".repeat(50)}`, "transfer-encoding: chunked"], text)),
  ];
  const parser = createReplyParser(limits);
  expect(outcomeOf(parser, bytes("0\r\n\r\n")).kind).toBe("reply");
  expect(outcomeOf(parser, bytes(trailers))).toEqual(outcomeOf(createReplyParser(limits), bytes(trailers)));
  expect(outcomeOf(parser, bytes(trailers))).toMatchObject({
    kind: "malformed",
    message: expect.stringContaining("too long"),
  });
});

test("a body that comes byte by byte takes time in proportion to its length", () => {
  const parser = createReplyParser({ ...limits, maxBodyBytes: 2_000_000 });
  parser.begin(false);
  parser.push(Buffer.from(reply(["HTTP/1.1 200 OK", "transfer-encoding: chunked"])));
  const chunk = Buffer.from("1\r\nx\r\n");
  for (let size = 0; size < 1_000_000; size++) parser.push(chunk);
  expect(parser.push(Buffer.from("0\r\n\r\n"))?.body.length).toBe(1_000_000);
});

test("mutated replies never crash it, whatever it parsed before, nor make it take what is not theirs", () => {
  const { replies, failures } = fuzzReplyParser(7, 4000);
  expect(failures).toEqual([]);
  expect(replies).toBeGreaterThan(500);
});
