import type { Cell } from "./row.ts";

/** `http 503`; or no connection, no answer in time, an answer that is no prediction, or never sent for lack of room. */
export type ErrorKind = `http ${number}` | "connect" | "time-out" | "bad reply" | "client overload";

/** What a reply of the gateway says about itself. */
export interface Reply {
  readonly status: number;
  /** `model_version`; null where the reply names none. */
  readonly version: string | null;
  /** Header `x-mmsp-phase`: stable, canary or explicit. */
  readonly phase: string | null;
  /** Header `x-mmsp-fallback-from`: the version that failed before this one answered. */
  readonly fallbackFrom: string | null;
  /** The first prediction, where it is one value. */
  readonly prediction: Cell | boolean | null;
  /** Null: a good answer. */
  readonly error: { readonly kind: ErrorKind; readonly message: string } | null;
}

/** Reads a reply of `POST /predict`. Anything but 200 with a list of predictions is an error. */
export function readReply(status: number, headers: Headers, text: string): Reply {
  const body = parse(text);
  const version = body["model_version"];
  const predictions: unknown = body["predictions"];
  const good = status === 200 && Array.isArray(predictions) && predictions.length > 0;
  return {
    status,
    version: typeof version === "string" || typeof version === "number" ? clean(String(version), 64) : null,
    phase: header(headers, "x-mmsp-phase"),
    fallbackFrom: header(headers, "x-mmsp-fallback-from"),
    prediction: good ? single(predictions[0]) : null,
    error: good ? null : { kind: status === 200 ? "bad reply" : `http ${status}`, message: messageOf(body, text) },
  };
}

/** Whether a prediction is the label: as numbers where both are, else as text (`1` is `"1"`). */
export function isRight(prediction: Cell | boolean, label: Cell): boolean {
  const value = typeof prediction === "boolean" ? Number(prediction) : prediction;
  return value === label || String(value) === String(label);
}

/** One line without control characters, so that a reply cannot write to somebody's terminal. */
export function clean(text: string, length = 200): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\s]+/gu, " ").trim();
  return line.length > length ? `${line.slice(0, length)}...` : line;
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function header(headers: Headers, name: string): string | null {
  const value = headers.get(name);
  return value === null || value === "" ? null : clean(value, 64);
}

function single(value: unknown): Cell | boolean | null {
  return typeof value === "number" || typeof value === "string" || typeof value === "boolean" ? value : null;
}

/** The gateway's errors are `{"error": "..."}`; others put it in `message` or send plain text. */
function messageOf(body: Readonly<Record<string, unknown>>, text: string): string {
  for (const value of [body["error"], body["message"]]) {
    if (typeof value === "string") return clean(value);
  }
  return clean(text) || "an empty answer";
}
