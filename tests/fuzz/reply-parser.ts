import {
  createReplyParser,
  type ParsedReply,
  type ReplyLimits,
  type ReplyParser,
} from "../../gateway/core/http/reply-parser.ts";
import { ReplyMalformed } from "../../gateway/core/upstream.ts";
import { seededRandom } from "../support/random.ts";

/** Small ones, so that mutations reach them. */
const limits: ReplyLimits = { maxHeadBytes: 600, maxHeaders: 12, maxBodyBytes: 900 };

/** What came of some bytes: a reply and where it ends, an error, or nothing yet. */
export type Outcome =
  | { readonly kind: "reply"; readonly reply: ParsedReply; readonly taken: number }
  | { readonly kind: "cut-off" }
  | { readonly kind: "malformed"; readonly message: string };

/** Feeds the pieces, then the end of the connection. Anything that is thrown but ReplyMalformed goes through. */
export function outcomeOf(parser: ReplyParser, pieces: readonly Buffer[], toHead = false): Outcome {
  let before = 0;
  parser.begin(toHead);
  try {
    for (const piece of pieces) {
      const reply = parser.push(piece);
      if (reply !== null) return { kind: "reply", reply, taken: before + parser.taken() };
      before += piece.length;
    }
    const reply = parser.end();
    return reply === null ? { kind: "cut-off" } : { kind: "reply", reply, taken: before };
  } catch (error) {
    if (error instanceof ReplyMalformed) return { kind: "malformed", message: error.message };
    throw error;
  }
}

/**
 * Parses so many replies, most of them with a few mutations, each at once and in random pieces, by a new parser and by one
 * that has parsed others. Returns what went wrong: a crash, bytes taken that are not the reply's, or outcomes that differ.
 */
export function fuzzReplyParser(
  seed: number,
  cases: number,
): { readonly replies: number; readonly failures: string[] } {
  const random = seededRandom(seed);
  const used = createReplyParser(limits);
  const failures: string[] = [];
  let replies = 0;
  let last: Buffer = Buffer.alloc(0);
  for (let nth = 0; nth < cases; nth++) {
    // Sometimes the same head again, which the parser knows by then.
    const valid = random() < 0.2 && last.length > 0 ? last : validReply(random);
    const bytes = random() < 0.2 ? valid : mutated(valid, random);
    last = bytes;
    const toHead = random() < 0.1;
    try {
      const whole = outcomeOf(createReplyParser(limits), [bytes], toHead);
      const cut = outcomeOf(createReplyParser(limits), inPieces(bytes, random), toHead);
      const again = outcomeOf(used, random() < 0.5 ? [bytes] : inPieces(bytes, random), toHead);
      if (whole.kind === "reply") replies++;
      if (!Bun.deepEquals(whole, cut))
        failures.push(tell(nth, bytes, "cut in pieces, it says something else", whole, cut));
      if (!Bun.deepEquals(whole, again))
        failures.push(tell(nth, bytes, "after others, it says something else", whole, again));
      if (whole.kind === "reply" && whole.taken > bytes.length)
        failures.push(tell(nth, bytes, "takes too much", whole));
      if (whole.kind === "reply" && isUnsafe(whole.reply)) failures.push(tell(nth, bytes, "passes on", whole));
    } catch (error) {
      failures.push(tell(nth, bytes, String(error)));
    }
  }
  return { replies, failures };
}

/** What must never leave the parser, whatever came in. */
function isUnsafe({ status, headers, body }: ParsedReply): boolean {
  const framing = /^(connection|keep-alive|te|trailer|transfer-encoding|upgrade|content-length|expect|proxy-.*)$/;
  const malformed = headers.some(
    ([name, value]) => !/^[!-9;-~]+$/.test(name) || /[\r\n\0]/.test(value) || framing.test(name),
  );
  return malformed || status < 200 || status > 599 || body.length > limits.maxBodyBytes;
}

function tell(nth: number, bytes: Buffer, what: string, ...outcomes: readonly Outcome[]): string {
  const said = outcomes.map((outcome) => Bun.inspect(outcome, { depth: 4 })).join(" / ");
  return `case ${nth}: ${what}: ${JSON.stringify(bytes.toString("latin1"))} ${said}`;
}

type Random = () => number;

function pick<T>(random: Random, items: readonly [T, ...T[]]): T {
  return items[Math.floor(random() * items.length)] ?? items[0];
}

function below(random: Random, limit: number): number {
  return Math.floor(random() * limit);
}

export function inPieces(bytes: Buffer, random: Random): Buffer[] {
  const pieces: Buffer[] = [];
  const largest = pick(random, [1, 3, 20, 200]);
  for (let at = 0; at < bytes.length;) {
    const size = 1 + below(random, largest);
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}

/** A reply as servers send them, whole; with something after it now and then. */
export function validReply(random: Random): Buffer {
  const body = Buffer.from(Array.from({ length: below(random, pick(random, [2, 30, 300])) }, () => below(random, 256)));
  const interim = random() < 0.1 ? ["HTTP/1.1 100 Continue", "x-early: 1", "", ""].join("\r\n") : "";
  const status = pick(random, [
    "200 OK",
    "200",
    "503 Service Unavailable",
    "404 Not Found",
    "304 Not Modified",
    "204 No Content",
  ]);
  const hasBody = !status.startsWith("304") && !status.startsWith("204");
  const headers = Array.from({ length: below(random, 5) }, () =>
    pick(random, [
      "content-type: application/json",
      "X-Thing:\t a, b ",
      "Keep-Alive: timeout=5, max=100",
      "Connection: keep-alive, X-Thing",
      "connection: close",
      "x-latin: \xe9\xa0",
      "set-cookie: a=b",
      "empty:",
    ]),
  );
  const framing = hasBody ? pick(random, ["length", "chunked", "close"]) : "close";
  if (framing === "length") headers.splice(below(random, 3), 0, `Content-Length: ${body.length}`);
  if (framing === "chunked") headers.splice(below(random, 3), 0, "Transfer-Encoding: chunked");
  const head = Buffer.from(
    `${interim}HTTP/1.1 ${status}\r\n${headers.map((line) => `${line}\r\n`).join("")}\r\n`,
    "latin1",
  );
  const sent = !hasBody ? Buffer.alloc(0) : framing === "chunked" ? chunked(body, random) : body;
  return Buffer.concat([head, sent, Buffer.from(random() < 0.1 ? "HTTP/1.1 200 OK\r\n\r\n" : "")]);
}

function chunked(body: Buffer, random: Random): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < body.length;) {
    const chunk = body.subarray(at, at + 1 + below(random, 100));
    const extension = random() < 0.1 ? ";name=value" : "";
    parts.push(Buffer.from(`${chunk.length.toString(16)}${extension}\r\n`), chunk, Buffer.from("\r\n"));
    at += chunk.length;
  }
  return Buffer.concat([...parts, Buffer.from(random() < 0.1 ? "0\r\nx-sum: 1\r\n\r\n" : "0\r\n\r\n")]);
}

/** Bytes and words that readers of HTTP have stumbled over. */
const troubles = [
  "\r", "\n", "\r\n", "\0", " ", "\t", ":", "0", "-1", "+5", "0x5", "ffffffff", "fffffffff", "\r\n ", "\x0b", "\x7f", ";", ",",
  "Content-Length: 3\r\n", "Content-Length: 3, 3\r\n", "Transfer-Encoding: chunked\r\n", "Transfer-Encoding: gzip, chunked\r\n",
  "Transfer-Encoding : chunked\r\n", "Connection: close\r\n", "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.0", "HTTP/2", "101",
] as const; // prettier-ignore

function mutated(valid: Buffer, random: Random): Buffer {
  let bytes: Buffer = Buffer.from(valid);
  for (let left = 1 + below(random, 3); left > 0; left--) {
    const at = below(random, bytes.length + 1);
    const to = Math.min(bytes.length, at + below(random, 20));
    const [before, middle, after] = [bytes.subarray(0, at), bytes.subarray(at, to), bytes.subarray(to)];
    const trouble = Buffer.from(pick(random, [...troubles] as [string, ...string[]]), "latin1");
    const changed: readonly Buffer[] = pick(random, [
      [before, trouble, middle, after],
      [before, trouble, after],
      [before, after],
      [before, middle, middle, after],
      [before],
      [after, before, middle],
      [before, Buffer.from([below(random, 256)]), bytes.subarray(Math.min(at + 1, bytes.length))],
      [Buffer.from(bytes.toString("latin1").replace("\r\n", `\r\n${trouble.toString("latin1")}`), "latin1")],
    ]);
    bytes = Buffer.concat(changed);
  }
  return bytes;
}
