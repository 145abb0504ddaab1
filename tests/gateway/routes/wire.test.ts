/** What real sockets get for requests that are none, or none that people mean: from Bun's HTTP server itself, or from the gateway. */
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startRig, type GatewayRig } from "../../support/gateway-rig.ts";
import { linearModel, slowModel } from "../../support/models.ts";
import { servingTree } from "../../support/serving-tree.ts";

/** Bytes that a body may have here. */
const limit = 2048;

let rig: GatewayRig;
beforeAll(async () => {
  const fraud = { versions: { 1: linearModel() } };
  rig = await startRig(servingTree({ fraud }, { gateway: { maxBodyBytes: limit } }));
  rig.listen();
});
afterAll(() => rig[Symbol.asyncDispose]());

/** All that the server sends until it closes the connection. */
function conversation(bytes: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let answer = "";
  const socket = connect(rig.app.server?.port ?? 0, "127.0.0.1", () => socket.write(bytes, "latin1"));
  socket.on("data", (chunk) => (answer += chunk.toString("utf8")));
  // A reset is an end, too.
  socket.on("error", () => undefined).on("close", () => resolve(answer));
  return promise;
}

const host = "Host: gateway\r\n";
/** The connection ends after the answer, so that all of it has been heard. */
const closing = "Connection: close\r\n";
const good = JSON.stringify({ instances: [[1, 2, 3]] });
const get = (path: string, headers = host + closing) => `GET ${path} HTTP/1.1\r\n${headers}\r\n`;
const post = (headers: string, rest: string, path = "/predict") =>
  `POST ${path} HTTP/1.1\r\n${host}${headers}\r\n${rest}`;
const sized = (length: string) => post(`Content-Length: ${length}\r\n`, good);
const chunked = (rest: string, coding = "chunked") => post(`Transfer-Encoding: ${coding}\r\n`, rest);
const whole = (path = "/predict", headers = host + closing) =>
  `POST ${path} HTTP/1.1\r\n${headers}Content-Length: ${good.length}\r\n\r\n${good}`;
const letters = (count: number) => "a".repeat(count);

/** Of a whole answer: its status, headers and body. */
function read(answer: string) {
  const [head = "", ...body] = answer.split("\r\n\r\n");
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1]);
  return { status, head, body: body.join("\r\n\r\n") };
}

describe("Bun answers by itself, without a body, and closes the connection:", () => {
  test.each([
    ["what is not HTTP", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400],
    ["the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400],
    ["no Host", get("/health", ""), 400],
    ["a path that begins with no slash", get("health"), 400],
    ["an asterisk for a path", get("*").replace("GET", "OPTIONS"), 400],
    ["a header without a colon", get("/health", `${host}nothing\r\n`), 400],
    ["a blank before the colon", get("/health", `${host}a : b\r\n`), 400],
    ["a header over two lines", get("/health", `${host}a: b\r\n c\r\n`), 400],
    ["NUL in a header", get("/health", `${host}a: b\0c\r\n`), 400],
    ["a header without a name", get("/health", `${host}: b\r\n`), 400],
    ["a version that is none of HTTP/1", get("/health").replace("HTTP/1.1", "HTTP/3.0"), 505],
    ["a line without a version", "GET /\r\n", 505],
    ["a blank in the path", get("/health it"), 505],
    ["a control character in the path", get("/\x01"), 505],
    ["lines that end with LF alone", get("/health").replaceAll("\r", ""), 505],
    ["a URL of 17 kB", get(`/${letters(17_000)}`), 431],
    ["a header of 17 kB", get("/health", `${host}a: ${letters(17_000)}\r\n`), 431],
    ["250 headers", get("/health", host + Array.from({ length: 250 }, (_, at) => `h${at}: x\r\n`).join("")), 431],
    ["a length that is no number", sized("two"), 400],
    ["a negative length", sized("-2"), 400],
    ["a length with a sign", sized("+2"), 400],
    ["a hexadecimal length", sized("0x2"), 400],
    ["a length that is none", sized(""), 400],
    ["a length of twenty digits", sized("9".repeat(20)), 400],
    ["two lengths that differ", post("Content-Length: 2\r\nContent-Length: 3\r\n", "hi"), 400],
    ["a list of lengths", sized("2, 2"), 400],
    ["a length of a body in chunks", post("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400],
    ["a coding that is not chunked", chunked("hi", "gzip"), 400],
    ["chunked after another coding", chunked("0\r\n\r\n", "gzip, chunked"), 400],
    ["chunked twice", chunked("0\r\n\r\n", "chunked\r\nTransfer-Encoding: chunked"), 400],
    ["nearly chunked", chunked("0\r\n\r\n", "xchunked"), 400],
    ["a chunk whose size is no number", chunked("zz\r\nhi\r\n0\r\n\r\n"), 400],
    ["a chunk of negative size", chunked("-2\r\nhi\r\n0\r\n\r\n"), 400],
    ["a chunk whose size nothing can hold", chunked("ffffffffffffffffff\r\nhi\r\n0\r\n\r\n"), 400],
    ["a chunk that is longer than it says", chunked("2\r\nhixx0\r\n\r\n"), 400],
  ] as const)("%s", async (_, bytes, status) => {
    const reply = read(await conversation(bytes));
    expect([reply.status, reply.body]).toEqual([status, ""]);
    expect(reply.head).toEndWith("Connection: close");
  });
});

describe("Bun closes the connection without an answer:", () => {
  test.each([
    ["a method of small letters", get("/health").replace("GET", "get")],
    ["a method that nobody has heard of", get("/health").replace("GET", "FROB")],
    ["a request behind one that is not answered yet", whole("/predict", host) + whole("/predict", host)],
  ])("%s", async (_, bytes) => {
    expect(await conversation(bytes)).toBe("");
  });

  test("a client that says it will send no more before it has its answer", async () => {
    // What answers in no time is faster than the end that comes after the request.
    await using slow = await startRig(servingTree({ fraud: { versions: { 1: slowModel({ rounds: 400 }) } } }));
    slow.listen();
    const { promise, resolve } = Promise.withResolvers<string>();
    let answer = "";
    const socket = connect(slow.app.server?.port ?? 0, "127.0.0.1", () => socket.end(whole("/predict", host)));
    socket.on("data", (chunk) => (answer += chunk.toString()));
    socket.on("error", () => undefined).on("close", () => resolve(answer));
    expect(await promise).toBe("");
  });
});

describe("the gateway answers like any other", () => {
  test.each([
    ["HTTP/1.0", whole().replace("HTTP/1.1", "HTTP/1.0")],
    ["HTTP/1.0 without a Host", whole("/predict", "").replace("HTTP/1.1", "HTTP/1.0")],
    ["an empty Host", whole("/predict", `Host:\r\n${closing}`)],
    ["a Host that is none", whole("/predict", `Host: a b/../\r\n${closing}`)],
    ["two Hosts", whole("/predict", `Host: a\r\n${host}${closing}`)],
    ["an address with another host in it", whole("http://elsewhere/predict")],
    ["a query that is none", whole("/predict?%zz")],
    ["two lengths that are the same", whole("/predict", `${host}${closing}Content-Length: ${good.length}\r\n`)],
    [
      "chunks with extensions",
      chunked(`${good.length.toString(16)};a=b\r\n${good}\r\n0\r\n\r\n`).replace(host, host + closing),
    ],
    [
      "a byte order mark",
      whole()
        .replace(`: ${good.length}`, `: ${good.length + 3}`)
        .replace(good, `\xef\xbb\xbf${good}`),
    ],
  ])("%s", async (_, bytes) => {
    const { status, body } = read(await conversation(bytes));
    expect([status, JSON.parse(body)]).toMatchObject([200, { predictions: [1], model_version: "1" }]);
  });

  test("a request that waits for 100 Continue", async () => {
    const answer = await conversation(whole("/predict", `${host}${closing}Expect: 100-continue\r\n`));
    expect(answer).toStartWith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n");
  });
});

describe("the gateway refuses", () => {
  test.each([
    ["an address of two slashes", whole("//predict"), 404, "not-found"],
    ["letters of another case", whole("/Predict"), 404, "not-found"],
    ["letters that are escaped without need", whole("/%70redict"), 404, "not-found"],
    ["an escape that is none", whole("/v2/models/%zz/infer"), 404, null],
    ["a name that is no UTF-8", get("/v2/models/%ff%fe"), 404, null],
    ["a name with a slash in it", get("/v2/models/a%2fb"), 404, null],
    ["a name that JavaScript knows", get("/v2/models/__proto__"), 404, null],
    ["CONNECT", get("elsewhere:443").replace("GET", "CONNECT"), 404, "not-found"],
    ["TRACE", get("/predict").replace("GET", "TRACE"), 405, "method-not-allowed"],
    ["OPTIONS", get("/predict").replace("GET", "OPTIONS"), 405, "method-not-allowed"],
    ["another method under a short host", get("/predict", `Host: x\r\n${closing}`), 405, "method-not-allowed"],
    [
      "a length over the limit that is said twice",
      post(`${closing}Content-Length: 3000\r\nContent-Length: 3000\r\n`, letters(3000)),
      413,
      "body-too-large",
    ],
    [
      "a length over the limit before any of it has come",
      post(`${closing}Content-Length: 9000\r\n`, ""),
      413,
      "body-too-large",
    ],
    ["NUL after the JSON", whole().replace(`: ${good.length}`, `: ${good.length + 1}`) + "\0", 400, "body-not-json"],
  ] as const)("%s", async (_, bytes, status, code) => {
    const reply = read(await conversation(bytes));
    // The protocol's errors have no code.
    const said = { error: expect.any(String) as string, ...(code === null ? {} : { code }) };
    expect([reply.status, JSON.parse(reply.body)]).toEqual([status, said]);
  });
});

test("none of it was an error of the gateway", () => {
  expect(rig.logged.filter(({ level }) => level !== "info")).toEqual([]);
});
