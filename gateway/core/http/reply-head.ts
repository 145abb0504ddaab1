import { ReplyMalformed, type HeaderList } from "../upstream.ts";
import { isOfConnection, listed, readField, type Field } from "./field.ts";

/** How a body ends; a number: after as many bytes. */
export type Framing = "none" | "chunked" | "until-close" | number;

/** Everything before a body. */
export interface ReplyHead {
  readonly status: number;
  readonly headers: HeaderList;
  readonly framing: Framing;
  /** Whether the peer will take another request on this connection. */
  readonly keptAlive: boolean;
  /** How long it says it will wait for one; null where it does not say. */
  readonly keptAliveMs: number | null;
}

/** The lines of one head that were read. */
export interface HeadLines {
  readonly status: number;
  readonly isHttp11: boolean;
  readonly fields: Field[];
  count: number;
  contentLength: string | null;
  transferEncoding: string | null;
  keepAlive: string | null;
  /** What `connection` lists. */
  named: readonly string[];
}

const statusLine = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/;

/** Throws ReplyMalformed where this is no status line. */
export function beginHead(line: string): HeadLines {
  if (!statusLine.test(line)) malformed(`it begins with ${quote(line)}, not with a status line`);
  return {
    status: Number(line.slice(9, 12)),
    isHttp11: line[7] === "1",
    fields: [],
    count: 0,
    contentLength: null,
    transferEncoding: null,
    keepAlive: null,
    named: [],
  };
}

/** Adds the line between two places of the text. Throws ReplyMalformed. */
export function addHeader(head: HeadLines, text: string, from: number, to: number): void {
  head.count++;
  const field = readField(text, from, to) ?? malformed(`header ${head.count} is malformed`);
  const [name, value] = field;
  if (!isOfConnection(name)) head.fields.push(field);
  else if (name === "content-length") {
    // Even where both say the same: who was before us may have read the other one.
    if (head.contentLength !== null) malformed("it has two content-length");
    head.contentLength = value;
  } else if (name === "transfer-encoding") {
    if (head.transferEncoding !== null) malformed("it has two transfer-encoding");
    head.transferEncoding = value;
  } else if (name === "connection") head.named = [...head.named, ...listed(value)];
  else if (name === "keep-alive") head.keepAlive = value;
}

/** The head is whole. `toHead`: the reply answers a HEAD. Throws ReplyMalformed where it contradicts itself. */
export function endHead(head: HeadLines, toHead: boolean): ReplyHead {
  const { status, isHttp11, fields, named } = head;
  return {
    status,
    headers: named.length === 0 ? fields : fields.filter(([name]) => !named.includes(name)),
    framing: framingOf(head, toHead),
    keptAlive: isHttp11 && !named.includes("close"),
    keptAliveMs: timeoutOf(head.keepAlive),
  };
}

/** RFC 9112, section 6.3; where that lets a client mend what contradicts itself, this refuses. */
function framingOf(head: HeadLines, toHead: boolean): Framing {
  const { status, contentLength: length, transferEncoding: coding } = head;
  if (coding !== null) {
    if (length !== null) malformed("it has both transfer-encoding and content-length");
    if (!head.isHttp11) malformed("it has a transfer-encoding in HTTP/1.0");
    if (coding.toLowerCase() !== "chunked") malformed(`its transfer-encoding is ${quote(coding)}`);
  }
  if (length !== null && !/^\d{1,15}$/.test(length)) malformed(`its content-length is ${quote(length)}`);
  const hasNone = status < 200 || status === 204;
  if (hasNone && (coding !== null || Number(length) > 0)) malformed(`it announces a body with status ${status}`);
  if (hasNone || toHead || status === 304) return "none";
  if (coding !== null) return "chunked";
  return length === null ? "until-close" : Number(length);
}

function timeoutOf(keepAlive: string | null): number | null {
  if (keepAlive === null) return null;
  const seconds = /(?:^|[,;\s])timeout=(\d{1,6})/i.exec(keepAlive)?.[1];
  return seconds === undefined ? null : Number(seconds) * 1000;
}

/** Of bytes that somebody sent: one line, and not a long one. */
function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 37)}...` : text);
}

export function malformed(what: string): never {
  throw new ReplyMalformed(`the upstream's reply is malformed: ${what}`);
}
