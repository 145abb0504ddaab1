/** Bytes that no client of HTTP would send: requests whose lines, headers, lengths, chunks and ends are wrong, or nearly. */
import { packed } from "./asked.ts";
import { jsonLengthHeader } from "./binary.ts";
import type { Draw } from "./random.ts";

/** A request for inference that can be told from all others by its `id`. */
export interface Inquiry {
  readonly id: string;
  readonly rows: readonly (readonly number[])[];
}

export interface WireCase {
  readonly kind: string;
  /** In Latin-1; each goes by itself. */
  readonly pieces: readonly string[];
  /** In the order in which they may be answered. */
  readonly sent: readonly Inquiry[];
  /** The status that it must get; null: an answer, a refusal, or the end of the connection. */
  readonly status: number | null;
}

/** Draws one case; `id` begins the ids of what it asks. */
export function wireCase(draw: Draw, id: string): WireCase {
  const parts = partsOf(draw, id);
  const kind = draw.pick(Object.keys(kinds));
  const { text, status = null, sent = [parts.inquiry] } = kinds[kind]?.(draw, parts) ?? { text: whole(parts) };
  return { kind, pieces: piecesOf(draw, text), sent, status };
}

interface Parts {
  readonly line: string;
  readonly headers: readonly string[];
  readonly body: string;
  readonly inquiry: Inquiry;
}

interface Made {
  readonly text: string;
  readonly status?: number;
  readonly sent?: readonly Inquiry[];
}

/** Of a sound request, all of it but its length. */
export function partsOf(draw: Draw, id: string): Parts {
  const rows = draw.list(draw.whole(1, 3), () => draw.list(3, () => draw.whole(-300, 300) / 100));
  const input = { name: "input", datatype: "FP32", shape: [rows.length, 3] };
  const line = `POST /v2/models/fraud${draw.pick(["", "", "/versions/1", "/versions/2"])}/infer HTTP/1.1`;
  const headers = ["Host: gateway"];
  if (draw.chance(0.3)) headers.push(`X-Request-Id: ${id}`);
  const inquiry = { id, rows };
  if (draw.chance(0.7)) {
    const body = JSON.stringify({ id, inputs: [{ ...input, data: rows.flat() }] });
    return { line, headers: [...headers, "Content-Type: application/json"], body, inquiry };
  }
  const bytes = packed("FP32", rows.flat());
  const json = JSON.stringify({ id, inputs: [{ ...input, parameters: { binary_data_size: bytes.length } }] });
  const framed = [...headers, `${jsonLengthHeader}: ${json.length}`];
  return { line, headers: framed, body: json + bytes.toString("latin1"), inquiry };
}

const lengthOf = ({ body }: Parts): string => `Content-Length: ${body.length}`;

function textOf({ line, headers, body }: Parts, more: readonly string[], end = body): string {
  return `${[line, ...headers, ...more].join("\r\n")}\r\n\r\n${end}`;
}

/** A sound request. */
export function whole(parts: Parts): string {
  return textOf(parts, [lengthOf(parts)]);
}

function piecesOf(draw: Draw, text: string): readonly string[] {
  if (draw.chance(0.7)) return [text];
  const cuts = draw.list(draw.whole(1, 5), () => draw.whole(0, text.length)).toSorted((a, b) => a - b);
  return [0, ...cuts].map((cut, at) => text.slice(cut, cuts[at]));
}

/** Which the gateway would take for its own, did it read on where the body has ended. */
function smuggled(draw: Draw, { inquiry }: Parts): { readonly text: string; readonly inquiry: Inquiry } {
  const inner = partsOf(draw, `${inquiry.id}s`);
  return {
    text: whole({ ...inner, headers: [...inner.headers, "X-Smuggled: 1", "TE: trailers"] }),
    inquiry: inner.inquiry,
  };
}

function chunksOf(draw: Draw, body: string): string {
  const cuts = draw.list(draw.whole(0, 3), () => draw.whole(1, body.length - 1)).toSorted((a, b) => a - b);
  const parts = [0, ...cuts].map((cut, at) => body.slice(cut, cuts[at])).filter((part) => part !== "");
  return parts.map((part) => `${sizeOf(draw, part.length)}\r\n${part}\r\n`).join("");
}

function sizeOf(draw: Draw, size: number): string {
  const hex = size.toString(16);
  return draw.pick([hex, hex.toUpperCase(), `00${hex}`]);
}

const chunked = "Transfer-Encoding: chunked";

const kinds: Readonly<Record<string, (draw: Draw, parts: Parts) => Made>> = {
  sound: (_, parts) => ({ text: whole(parts), status: 200 }),
  "header spelling": (draw, parts) => {
    const spell = (header: string): string => {
      const [name = "", value = ""] = header.split(": ");
      return `${draw.pick([name.toUpperCase(), name.toLowerCase()])}:${draw.pick(["", "  ", "\t"])}${value}${draw.pick(["", " ", "\t"])}`;
    };
    return { text: textOf({ ...parts, headers: parts.headers.map(spell) }, [spell(lengthOf(parts))]), status: 200 };
  },
  "no length": (draw, parts) => {
    const bad = draw.pick(["two", "-2", "+2", "0x2", "", "9".repeat(20), "2, 2", "1e1", "2;", "2 2", "\u00b2"]);
    return { text: textOf(parts, [`Content-Length: ${bad}`]), status: 400 };
  },
  "lengths that differ": (draw, parts) => {
    const lengths = [lengthOf(parts), `Content-Length: ${parts.body.length + draw.pick([-3, -1, 1, 40])}`];
    return { text: textOf(parts, draw.chance(0.5) ? lengths : lengths.toReversed()), status: 400 };
  },
  "equal lengths": (_, parts) => ({ text: textOf(parts, [lengthOf(parts), lengthOf(parts)]), status: 200 }),
  "length and chunks": (draw, parts) => {
    const both = [draw.pick([lengthOf(parts), "Content-Length: 0", "Content-Length: 3"]), chunked];
    const end = `${chunksOf(draw, parts.body)}0\r\n\r\n${smuggled(draw, parts).text}`;
    return { text: textOf(parts, draw.chance(0.5) ? both : both.toReversed(), end), status: 400 };
  },
  coding: (draw, parts) => {
    const bad = ["gzip", "gzip, chunked", "identity", "chunked, chunked", "xchunked", "chunkedx", "chunked, gzip", ""];
    const coding = draw.pick([...bad, "chunked;q=1", '"chunked"', "chunked,", ",chunked", "\x0bchunked", "chun ked"]);
    return { text: textOf(parts, [`Transfer-Encoding: ${coding}`], `${chunksOf(draw, parts.body)}0\r\n\r\n`) };
  },
  "coding in disguise": (draw, parts) => {
    const name = draw.pick(["Transfer_Encoding", "X-Transfer-Encoding", "Transfer-Encodin", "Transfer-Encoding2"]);
    return { text: textOf(parts, [`${name}: chunked`, lengthOf(parts)]), status: 200 };
  },
  chunks: (draw, parts) => ({
    text: textOf(parts, [chunked], `${chunksOf(draw, parts.body)}0\r\n\r\n`),
    status: 200,
  }),
  "chunks with more": (draw, parts) => {
    const extended = chunksOf(draw, parts.body).replace(
      "\r\n",
      `${draw.pick([";a=b", ";", ' ;a="\x01"', ";a\n"])}\r\n`,
    );
    const trailers = draw.pick(["", "X-Smuggled: 1\r\n", "Content-Length: 3\r\n", `${chunked}\r\n`, "broken\r\n"]);
    return { text: textOf(parts, [chunked, "Trailer: X-Smuggled"], `${extended}0\r\n${trailers}\r\n`) };
  },
  "broken chunks": (draw, parts) => {
    const right = `${chunksOf(draw, parts.body)}0\r\n\r\n`;
    const size = draw.pick(["zz", "-2", "0x2", "", "ffffffffffffffffff", "+2", " 2", "2 ", "1g", "7fffffffffffffff"]);
    const end = draw.pick([
      () => right.replace(/^\w+/, size),
      () => right.replaceAll("\r\n", "\n"),
      () => right.replace("\r\n", "\r"),
      () => right.replace(/\r\n0\r\n\r\n$/, "xx0\r\n\r\n"),
      () => right.replace(/0\r\n\r\n$/, `${size}\r\n\r\n`),
    ])();
    return { text: textOf(parts, [chunked], end) };
  },
  half: (draw, parts) => {
    const text = draw.chance(0.5) ? whole(parts) : textOf(parts, [chunked], `${chunksOf(draw, parts.body)}0\r\n\r\n`);
    return { text: text.slice(0, draw.whole(0, text.length - 1)) };
  },
  "shorter than it is": (draw, parts) => {
    const inner = smuggled(draw, parts);
    const length = `Content-Length: ${draw.whole(0, parts.body.length - 1)}`;
    return { text: textOf(parts, [length], parts.body + inner.text), sent: [parts.inquiry, inner.inquiry] };
  },
  pipelined: (draw, parts) => {
    const inner = smuggled(draw, parts);
    const last = draw.pick([inner.text, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n", "\0\0", "\r\n", "0\r\n\r\n"]);
    return { text: whole(parts) + last, sent: [parts.inquiry, inner.inquiry] };
  },
  "a request in a body": (draw, parts) => {
    const { text } = smuggled(draw, parts);
    const body = draw.pick([text, `\r\n\r\n${text}`, `0\r\n\r\n${text}`]);
    return { text: textOf({ ...parts, body }, [`Content-Length: ${body.length}`]), status: 400, sent: [] };
  },
  "headers of a connection": (draw, parts) => {
    const pool = [
      "Connection: keep-alive",
      "Connection: close",
      "Connection: content-length, host, content-type",
      `Connection: ${jsonLengthHeader}`,
      "Keep-Alive: timeout=5",
      "Proxy-Connection: keep-alive",
      "TE: trailers, chunked",
      "Trailer: Content-Length",
      "Upgrade: h2c",
      "Connection: Upgrade, HTTP2-Settings",
      "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA",
      "Expect: 100-continue",
      "Content-Length2: 3",
      "X-Forwarded-For: 127.0.0.1",
      "Max-Forwards: 0",
    ];
    const more = draw.list(draw.whole(1, 4), () => draw.pick(pool));
    return { text: textOf(parts, [...more, lengthOf(parts)]), status: 200 };
  },
  "strange header": (draw, parts) => {
    const bad = ["nothing", "a : b", "a: b\r\n c", "a: b\0c", ": b", "a\x01: b", "a: \x7f", "a b: c", "a: b\rc: d"];
    const odd = ["a: \u00ff\u00fe", "a:", `a: ${"x".repeat(17_000)}`, "\u00e4: b", "a: b\nTransfer-Encoding: chunked"];
    return { text: textOf(parts, [draw.pick([...bad, ...odd]), lengthOf(parts)]) };
  },
  "strange line": (draw, parts) => {
    const [, path = ""] = parts.line.split(" ");
    const line = draw.pick([
      `post ${path} HTTP/1.1`,
      `FROB ${path} HTTP/1.1`,
      `POST  ${path} HTTP/1.1`,
      `POST ${path} HTTP/1.1 `,
      `POST ${path} HTTP/3.0`,
      `POST ${path} HTTP/1.0`,
      `POST ${path} http/1.1`,
      `POST ${path}`,
      `POST\t${path}\tHTTP/1.1`,
      `POST http://gateway${path} HTTP/1.1`,
      `POST ${path.slice(1)} HTTP/1.1`,
      `CONNECT gateway:80 HTTP/1.1`,
      `OPTIONS * HTTP/1.1`,
      `\r\n${parts.line}`,
      ` ${parts.line}`,
      `POST ${path}\0 HTTP/1.1`,
      `POST ${path}#x HTTP/1.1`,
      "\x16\x03\x01\x02\x00\x01",
    ]);
    return { text: whole({ ...parts, line }) };
  },
  path: (draw, parts) => {
    const odd = ["%2e%2e", "..", ".", "%2f", "%00", "%zz", "%", "%0d%0aTE:%20x", "%25", "\\", "//", "%c0%af", "\u00e4"];
    const segments = parts.line.split(" ")[1]?.split("/") ?? [];
    const at = draw.whole(1, segments.length - 1);
    const segment = segments[at] ?? "";
    const letter = `%${(segment.charCodeAt(0) || 97).toString(16)}${segment.slice(1)}`;
    const put = draw.pick([...draw.list(2, () => draw.pick(odd) + segment), segment + draw.pick(odd), letter, ""]);
    return { text: whole({ ...parts, line: `POST ${segments.with(at, put).join("/")} HTTP/1.1` }) };
  },
  "bytes of the head": (draw, parts) => {
    const text = whole(parts);
    const end = text.length - parts.body.length;
    let head = text.slice(0, end);
    for (let count = draw.whole(1, 3); count > 0; count--) {
      const at = draw.whole(0, head.length - 1);
      const put = draw.pick(["", "\r", "\n", "\r\n", " ", ":", "\0", "\x80", "/", "1", "x"]);
      head = head.slice(0, at) + put + head.slice(at + draw.whole(0, 2));
    }
    return { text: head + parts.body };
  },
};
