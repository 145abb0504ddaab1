import { ReplyMalformed, type UpstreamReply } from "../upstream.ts";
import { addBytes, newBodyBytes, wholeBody, type BodyBytes } from "./body-bytes.ts";
import { isFieldValue, readField } from "./field.ts";
import { beginsWith, wholeBodyBehind, type KnownHead } from "./known-head.ts";
import { addHeader, beginHead, endHead, malformed, type HeadLines, type ReplyHead } from "./reply-head.ts";

export interface ReplyLimits {
  /** Of everything before the body (interim replies included), and the trailers after it. */
  readonly maxHeadBytes: number;
  readonly maxHeaders: number;
  readonly maxBodyBytes: number;
}

export interface ParsedReply extends UpstreamReply {
  /** Whether the peer will take another request on this connection. */
  readonly keptAlive: boolean;
  /** How long it says it will wait for one; null where it does not say. */
  readonly keptAliveMs: number | null;
}

/**
 * Reads replies of HTTP/1.1 (and 1.0) out of pieces of any size. However the same bytes are cut, what comes out is the same.
 * After an error, it begins anew.
 */
export interface ReplyParser {
  /** Before each reply. `toHead`: it answers a HEAD. */
  begin(toHead: boolean): void;
  /**
   * Takes the next piece. Gives the reply as soon as its last byte is there, null until then. Interim replies (1xx) are
   * passed over. The reply may hold views of the pieces, which must not be overwritten. Throws ReplyMalformed.
   */
  push(piece: Buffer): ParsedReply | null;
  /** How many bytes of the last piece belong to the reply; more than that, nobody has asked for. */
  taken(): number;
  /** The peer has closed the connection in good order: the reply where that is its end, else null, for it is cut off. */
  end(): ParsedReply | null;
}

/** A chunk's size has 8 digits at most; some peers pad it, few add extensions. */
const maxChunkLine = 256;
/** Bytes that are looked at as text at a time: enough for nearly all heads, and not much of a body is looked at in vain. */
const window = 512;

const chunkLine = /^([0-9a-fA-F]{1,8})[\t ]*(?:;.*)?$/;

type Stage =
  | "status"
  | "headers"
  | "until-length"
  | "until-close"
  | "chunk-size"
  | "chunk-data"
  | "chunk-end"
  | "trailers"
  | "done";

/** The last head that came in one piece: the next reply of the same server often begins with the same bytes. */
interface Memory {
  known: KnownHead | null;
}

/** What is known of the reply that is being read. */
interface Reading {
  readonly limits: ReplyLimits;
  readonly memory: Memory;
  readonly toHead: boolean;
  stage: Stage;
  piece: Buffer;
  /** How many there were of this reply. */
  pieces: number;
  /** How much of the piece has become text. */
  decoded: number;
  text: string;
  /** Where the next unread character of the text is. */
  next: number;
  /** The line that was taken last, without its CRLF, is between these places of the text. */
  from: number;
  to: number;
  headBytes: number;
  trailers: number;
  lines: HeadLines | null;
  head: ReplyHead | null;
  readonly body: BodyBytes;
  /** Bytes of the body, or of the chunk, that are to come. */
  left: number;
}

const noBytes = Buffer.alloc(0);

export function createReplyParser(limits: ReplyLimits): ReplyParser {
  const memory: Memory = { known: null };
  let isToHead = false;
  /** null: before the first piece, or that was the whole reply. */
  let reading: Reading | null = null;
  let wholeBytes = 0;
  return {
    begin(toHead) {
      isToHead = toHead;
      reading = null;
    },
    push(piece) {
      if (reading === null) {
        const known = !isToHead && memory.known !== null && beginsWith(piece, memory.known) ? memory.known : null;
        const body = known && wholeBodyBehind(known, piece, limits.maxBodyBytes);
        wholeBytes = piece.length;
        if (known !== null && body !== null) return replyOf(known.head, body);
        reading = newReading(limits, memory, isToHead);
        takePiece(reading, piece);
        if (known !== null) skipHead(reading, known);
      } else takePiece(reading, piece);
      while (reading.stage !== "done" && steps[reading.stage](reading)) continue;
      return reading.stage === "done" ? replyOf(reading.head, wholeBody(reading.body)) : null;
    },
    taken: () => (reading === null ? wholeBytes : position(reading)),
    end: () => (reading?.stage === "until-close" ? replyOf(reading.head, wholeBody(reading.body)) : null),
  };
}

function newReading(limits: ReplyLimits, memory: Memory, toHead: boolean): Reading {
  return {
    limits,
    memory,
    toHead,
    stage: "status",
    piece: noBytes,
    pieces: 0,
    decoded: 0,
    text: "",
    next: 0,
    from: 0,
    to: 0,
    headBytes: 0,
    trailers: 0,
    lines: null,
    head: null,
    body: newBodyBytes(),
    left: 0,
  };
}

/** Each takes what it can of the piece, and says whether to go on; false: the rest is in the next piece. */
const steps: Readonly<Record<Exclude<Stage, "done">, (reading: Reading) => boolean>> = {
  status(reading) {
    if (!takeHeadLine(reading)) return false;
    reading.lines = beginHead(lineOf(reading));
    reading.stage = "headers";
    return true;
  },
  headers(reading) {
    const { lines } = reading;
    if (lines === null || !takeHeadLine(reading)) return false;
    if (reading.from === reading.to) finishHead(reading, lines);
    else if (lines.count === reading.limits.maxHeaders) malformed(`it has more than ${lines.count} headers`);
    else addHeader(lines, reading.text, reading.from, reading.to);
    return true;
  },
  "until-length"(reading) {
    takeBody(reading);
    if (reading.left > 0) return false;
    reading.stage = "done";
    return true;
  },
  "until-close"(reading) {
    reading.left = reading.piece.length - position(reading);
    takeBody(reading);
    return false;
  },
  "chunk-size"(reading) {
    if (!takeLine(reading, maxChunkLine, "the line of a chunk's size")) return false;
    const line = lineOf(reading);
    const digits = isFieldValue(line) ? chunkLine.exec(line)?.[1] : undefined;
    reading.left = Number.parseInt(digits ?? malformed("a chunk has no proper size"), 16);
    if (reading.body.size + reading.left > reading.limits.maxBodyBytes) tooLarge(reading);
    reading.stage = reading.left === 0 ? "trailers" : "chunk-data";
    return true;
  },
  "chunk-data"(reading) {
    takeBody(reading);
    if (reading.left > 0) return false;
    reading.stage = "chunk-end";
    return true;
  },
  "chunk-end"(reading) {
    // Not one byte of room for anything but the line's end.
    if (!takeLine(reading, 2, "a chunk")) return false;
    reading.stage = "chunk-size";
    return true;
  },
  trailers(reading) {
    if (!takeHeadLine(reading)) return false;
    if (reading.from === reading.to) reading.stage = "done";
    else if (++reading.trailers > reading.limits.maxHeaders) malformed("it has too many trailers");
    else if (readField(reading.text, reading.from, reading.to) === null) malformed("a trailer is malformed");
    return true;
  },
};

function finishHead(reading: Reading, lines: HeadLines): void {
  const head = endHead(lines, reading.toHead);
  reading.lines = null;
  if (head.status === 101) malformed("it changes the protocol, which nobody asked for");
  if (head.status < 200) {
    reading.stage = "status";
    return;
  }
  if (reading.pieces === 1 && !reading.toHead) {
    reading.memory.known = { bytes: Buffer.from(reading.piece.subarray(0, position(reading))), head };
  }
  useHead(reading, head);
}

function takePiece(reading: Reading, piece: Buffer): void {
  reading.pieces++;
  reading.piece = piece;
  reading.decoded = 0;
  // What is left of the text is the beginning of a line.
  reading.text = reading.text.slice(reading.next);
  reading.next = 0;
}

function skipHead(reading: Reading, { bytes, head }: KnownHead): void {
  reading.headBytes = bytes.length;
  reading.decoded = bytes.length;
  useHead(reading, head);
}

function useHead(reading: Reading, head: ReplyHead): void {
  reading.head = head;
  const { framing } = head;
  if (framing === "none") reading.stage = "done";
  else if (framing === "chunked") reading.stage = "chunk-size";
  else if (framing === "until-close") reading.stage = framing;
  else {
    if (framing > reading.limits.maxBodyBytes) tooLarge(reading);
    reading.left = framing;
    reading.stage = "until-length";
  }
}

function takeHeadLine(reading: Reading): boolean {
  const { maxHeadBytes } = reading.limits;
  if (!takeLine(reading, maxHeadBytes - reading.headBytes, "its head")) return false;
  reading.headBytes += reading.to - reading.from + 2;
  return true;
}

/** Finds the next line; false: its end is in a later piece. A CR or LF alone ends no line. `room`: with its end. */
function takeLine(reading: Reading, room: number, what: string): boolean {
  for (;;) {
    const { text, next, piece, decoded } = reading;
    const found = text.indexOf("\n", next);
    if ((found === -1 ? text.length : found + 1) - next > room) malformed(`${what} is too long`);
    if (found !== -1) {
      if (found === next || text[found - 1] !== "\r") malformed("a line ends in LF without CR");
      reading.from = next;
      reading.to = found - 1;
      reading.next = found + 1;
      return true;
    }
    if (decoded === piece.length) return false;
    reading.decoded = Math.min(piece.length, decoded + window);
    reading.text = text.slice(next) + piece.toString("latin1", decoded, reading.decoded);
    reading.next = 0;
  }
}

function lineOf({ text, from, to }: Reading): string {
  return text.slice(from, to);
}

/** Where the next unread byte of the piece is. */
function position({ decoded, text, next }: Reading): number {
  return decoded - (text.length - next);
}

function takeBody(reading: Reading): void {
  const at = position(reading);
  const end = Math.min(reading.piece.length, at + reading.left);
  if (end === at) return;
  if (reading.body.size + end - at > reading.limits.maxBodyBytes) tooLarge(reading);
  addBytes(reading.body, reading.piece.subarray(at, end));
  reading.left -= end - at;
  reading.decoded = end;
  reading.text = "";
  reading.next = 0;
}

function tooLarge({ limits }: Reading): never {
  throw new ReplyMalformed(`the upstream's reply is larger than ${limits.maxBodyBytes} bytes`);
}

function replyOf(head: ReplyHead | null, body: Uint8Array): ParsedReply {
  if (head === null) return malformed("it has no head");
  const { status, headers, keptAlive, keptAliveMs } = head;
  return { status, headers, body, keptAlive, keptAliveMs };
}
