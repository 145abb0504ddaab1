import type { HeaderList } from "../upstream.ts";
import { isFieldValue, isOfConnection, isToken, listed } from "./field.ts";

export interface RequestHead {
  readonly method: string;
  readonly path: string;
  readonly headers: HeaderList;
  /** null: the request has no body. */
  readonly bodyBytes: number | null;
}

const target = /^\/[\x21-\x7e]*$/;

/** Headers that may be passed on, checked. Throws TypeError for a name or value that could end its line. */
export function passedOn(headers: HeaderList): (readonly [string, string])[] {
  const passed: (readonly [string, string])[] = [];
  let named: string[] | null = null;
  for (const header of headers) {
    const [name, value] = header;
    if (!isToken(name) || !isFieldValue(value)) throw new TypeError(`not a header: ${JSON.stringify(name)}`);
    const lower = name.toLowerCase();
    if (lower === "connection") named = [...(named ?? []), ...listed(value)];
    else if (lower !== "host" && !isOfConnection(lower)) passed.push(header);
  }
  return named === null ? passed : passed.filter(([name]) => !named.includes(name.toLowerCase()));
}

/** Throws TypeError for what is no path, as one with a line end in it. */
export function checkPath(path: string): void {
  if (!target.test(path)) throw new TypeError(`not the path of a request: ${JSON.stringify(path)}`);
}

/** A request up to its body, in Latin-1. It says itself where the body ends, whatever the headers say. */
export function writeRequestHead(request: RequestHead, host: string): string {
  checkPath(request.path);
  let text = `${request.method} ${request.path} HTTP/1.1\r\nhost: ${host}\r\n`;
  for (const [name, value] of passedOn(request.headers)) text += `${name}: ${value}\r\n`;
  if (request.bodyBytes !== null) text += `content-length: ${request.bodyBytes}\r\n`;
  return `${text}\r\n`;
}
