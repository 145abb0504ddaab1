/** Requests that something was done to, and what any answer to them must keep to. */
import { innards } from "../../support/innards.ts";
import { jsonLengthHeader } from "./binary.ts";
import type { Heard, InputCase, Judge, Message } from "./exchange.ts";
import { canaryVersion } from "./models.ts";
import type { Draw } from "./random.ts";
import { wrongIn } from "./right.ts";

/** Changes a right request into one that may be wrong. */
export function breakCase(draw: Draw, valid: Omit<InputCase, "leavesAfterMs">): Omit<InputCase, "leavesAfterMs"> {
  let { message } = valid;
  const names = Object.keys(ways).filter((name) => typeof message.body === "string" || !forText.has(name));
  const kinds = draw.list(draw.whole(1, 2), () => draw.pick(names));
  for (const kind of kinds) message = ways[kind]?.(draw, message) ?? message;
  return { kind: `${valid.kind}, broken by ${kinds.join(" and ")}`, message, judge: judgeOf(message) };
}

type Way = (draw: Draw, message: Message) => Message;

const ways: Readonly<Record<string, Way>> = {
  value: (draw, message) => withBody(message, (text) => JSON.stringify(withJunk(draw, parsed(text)))),
  values: (draw, message) => withBody(message, (text) => JSON.stringify(withJunk(draw, withJunk(draw, parsed(text))))),
  number: (draw, message) =>
    withBody(message, (text) => text.replace(/-?\d+(\.\d+)?/, () => draw.pick(strangeNumbers))),
  text: (draw, message) => withBody(message, (text) => withTypos(draw, text)),
  bytes: (draw, message) => ({ ...message, body: withFlippedBytes(draw, Buffer.from(message.body ?? "")) }),
  nothing: (draw, message) => ({ ...message, body: draw.pick(["", " ", "null", "[]", "{}", "0", '""', null]) }),
  nesting: (draw, message) => ({
    ...message,
    body: draw.pick(["[", '{"inputs":[', '{"a":']).repeat(draw.whole(1, 5000)),
  }),
  path: (draw, message) => ({ ...message, path: withJunkSegments(draw, message.path) }),
  place: (draw, message) => ({ ...message, path: draw.pick(places) }),
  method: (draw, message) => ({ ...message, method: draw.pick(["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"]) }),
  jsonLength: (draw, message) => {
    const value = draw.pick(["-1", "0", "1", "1e2", "", "abc", "99999999999", String(draw.whole(0, 400))]);
    return {
      ...message,
      headers: [...message.headers.filter(([name]) => name !== jsonLengthHeader), [jsonLengthHeader, value]],
    };
  },
  cut: (draw, message) => ({ ...message, body: Buffer.from(message.body ?? "").subarray(0, draw.whole(0, 300)) }),
  longer: (draw, message) => ({
    ...message,
    body: Buffer.concat([Buffer.from(message.body ?? ""), Buffer.alloc(draw.whole(1, 50))]),
  }),
  header: (draw, message) => ({ ...message, headers: [...message.headers, draw.pick(strangeHeaders)] }),
};

/** Ways that take the body for text. */
const forText = new Set(["value", "values", "number", "text"]);

const places = [
  "/",
  "/v2",
  "/v2/models/fraud",
  "/v2/models/nobody/ready",
  "/health",
  "/status",
  "/metrics",
  "/alerts",
  "/v1/models",
];

const junkSegments = [
  "",
  ".",
  "..",
  "%00",
  "%zz",
  "%ff%fe",
  "%2e%2e",
  "a".repeat(300),
  "__proto__",
  "constructor",
  "versions",
  "0",
  "-1",
  "1e3",
  "99999999999",
  "02",
  "infer",
  "ready",
  "fraud ",
  "%F0%9F%98%80",
  "fraud;v=1",
  "*",
];

const strangeNumbers = [
  "1e999",
  "-1e999",
  "1e38",
  "-0",
  "00",
  "0x10",
  "1_000",
  "NaN",
  "Infinity",
  "1.",
  ".5",
  "9007199254740993",
  "1e-400",
  "9223372036854775808",
  "true",
  "null",
];

const strangeHeaders = [
  ["content-type", "text/html"],
  ["content-type", "application/octet-stream"],
  ["content-type", "application/json; charset=latin1"],
  ["content-type", ";;;"],
  ["content-encoding", "gzip"],
  ["accept", "application/xml"],
  ["accept-encoding", "nothing;q=9"],
  ["inference-header-content-length", "-1"],
  ["inference-header-content-length", "10"],
  ["inference-header-content-length", "99999999999"],
  ["x-mmsp-timeout-ms", "60000"],
  ["x-mmsp-timeout-ms", "0"],
  ["x-mmsp-timeout-ms", "never"],
  ["x-request-id", "x".repeat(4000)],
  ["range", "bytes=0-1"],
  ["if-none-match", "*"],
  ["authorization", "Bearer nobody"],
] as const;

const junk: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  0.5,
  1e37,
  2 ** 53,
  "",
  "NaN",
  "1",
  "x".repeat(2000),
  "\ud800",
  [],
  [[]],
  [null],
  {},
  { data: 1 },
  [1, [2]],
  ["a"],
  "__proto__",
];

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

function withBody(message: Message, change: (text: string) => string): Message {
  return { ...message, body: change(typeof message.body === "string" ? message.body : "") };
}

/** The value with something in it replaced, left out, doubled, added or renamed. */
function withJunk(draw: Draw, value: unknown): unknown {
  const goesOn = typeof value === "object" && value !== null && !draw.chance(0.15);
  if (!goesOn) return draw.pick(junk);
  if (Array.isArray(value)) {
    const at = draw.whole(0, Math.max(0, value.length - 1));
    const how = draw.whole(0, 5);
    if (how === 0) return value.toSpliced(at, 1);
    if (how === 1) return [...value, draw.pick(junk)];
    if (how === 2) return [...value, ...value];
    return value.length === 0 ? [draw.pick(junk)] : value.with(at, withJunk(draw, value[at]));
  }
  const entries = Object.entries(value);
  if (entries.length === 0) return draw.pick(junk);
  const at = draw.whole(0, entries.length - 1);
  const [key = "", inner] = entries[at] ?? [];
  const how = draw.whole(0, 5);
  if (how === 0) return Object.fromEntries(entries.toSpliced(at, 1));
  if (how === 1)
    return { ...value, [draw.pick(["parameters", "outputs", "id", "model", "extra", "constructor"])]: draw.pick(junk) };
  if (how === 2) return Object.fromEntries(entries.with(at, [withTypos(draw, key), inner]));
  return { ...value, [key]: withJunk(draw, inner) };
}

/** Letters left out, put in or replaced; or the end left out. */
function withTypos(draw: Draw, text: string): string {
  if (draw.chance(0.2)) return text.slice(0, draw.whole(0, text.length));
  let changed = text;
  for (let count = draw.whole(1, 3); count > 0; count--) {
    const at = draw.whole(0, changed.length);
    const put = draw.pick([
      "",
      '"',
      "}",
      "]",
      ",",
      ":",
      "\\",
      "\\u12",
      "\u0000",
      "\u2028",
      "9",
      "-",
      "e",
      "{",
      "[",
      "ä",
    ]);
    changed = changed.slice(0, at) + put + changed.slice(at + draw.whole(0, 2));
  }
  return changed;
}

function withFlippedBytes(draw: Draw, bytes: Buffer): Uint8Array {
  const changed = new Uint8Array(bytes);
  for (let count = draw.whole(1, 4); count > 0 && changed.length > 0; count--) {
    changed[draw.whole(0, changed.length - 1)] = draw.whole(0, 255);
  }
  return changed;
}

function withJunkSegments(draw: Draw, path: string): string {
  const segments = path.split("/");
  const at = draw.whole(1, segments.length);
  const put = draw.list(draw.whole(0, 2), () => draw.pick(junkSegments));
  const query = draw.chance(0.2) ? draw.pick(["?", "?a=b", "?%zz", "?a=b?c", "?model=fraud"]) : "";
  return `${segments.toSpliced(at, draw.whole(0, 1), ...put).join("/") || "/"}${query}`;
}

/** Statuses by which a caller is told of a mistake. */
const mistakes = new Set([400, 404, 405, 413, 415, 422]);

/** Any refusal is right: never a 500, always in the form of an error, and nothing of the inside in it. An answer has to be the model's. */
export function judgeOf(message: Message): Judge {
  // As a client sends it: alone, `//alerts` would be a host.
  const path = URL.parse(`http://localhost${message.path}`)?.pathname ?? message.path;
  const isAlerts = /^\/+alerts/.test(path);
  const namesCanary = path.includes(`/versions/${canaryVersion}/`);
  return (heard) => {
    const { status, text } = heard;
    if (status === 200) return wrongIn(path, message, heard);
    // Who names the failing version is told that it failed.
    const isFailure = status === 500 && namesCanary && text.includes("failed on this input");
    const isRefusal = mistakes.has(status) || (isAlerts && (status === 401 || status === 403));
    if (!isFailure && !isRefusal) return `got ${status}: ${text.slice(0, 300)}`;
    if (message.method === "HEAD") return null;
    return errorForm(heard) ?? (innards.test(text) ? `tells of the inside: ${text.slice(0, 300)}` : null);
  };
}

function errorForm({ headers, text }: Heard): string | null {
  const said = parsed(text);
  const error = typeof said === "object" && said !== null && "error" in said ? said.error : null;
  const isJson = headers.get("content-type")?.startsWith("application/json") === true;
  return isJson && typeof error === "string" && error.length > 0 && error.length < 1000
    ? null
    : `is no error as the protocol has it: ${text.slice(0, 300)}`;
}
