import { createWriteStream } from "node:fs";
import { once } from "node:events";
import { oneLine } from "../../../../schemas/plain-text.ts";
import { fail } from "../../../../schemas/problem.ts";
import { tooLarge, type ArtifactFile } from "../../core/mlflow-artifacts.ts";
import type { MlflowClient } from "./client.ts";
import { notServed, unreachable } from "./faults.ts";
import { filesOf } from "./replies.ts";
import type { MlflowSettings } from "./settings.ts";

const api = "/api/2.0/mlflow-artifacts/artifacts";

/** A download that has brought nothing for so long is given up. */
const stallMs = 60_000;

/**
 * The path of an artifact folder below the server's own artifact store. Throws a ProblemError for one that the server does not
 * hand out: those are in a bucket, or on a disk, of which only the address is known here.
 */
export function servedPath(uri: string, what: string, settings: MlflowSettings): string {
  const path = pathIn(uri, settings);
  if (path !== null) return path.replace(/^\/+|\/+$/g, "");
  // Only the kind of store: an address may hold keys.
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(uri)?.[1]?.toLowerCase() ?? "a path on the server's disk";
  const where = scheme.startsWith("a ") ? scheme : `${oneLine(scheme, 40)}://`;
  return notServed(what, `its files are in ${where}, which MLflow at ${new URL(settings.url).host}`);
}

function pathIn(uri: string, settings: MlflowSettings): string | null {
  if (/^mlflow-artifacts:\/(?!\/)/.test(uri)) return uri.slice("mlflow-artifacts:/".length);
  if (!URL.canParse(uri)) return null;
  const { protocol, host, pathname, origin } = new URL(uri);
  const server = new URL(settings.url);
  // Credentials go to the server that they were set for, and to no other.
  if (protocol === "mlflow-artifacts:") return host === server.host ? decoded(pathname) : null;
  const prefix = `${server.pathname.replace(/\/$/, "")}${api}/`;
  const served = origin === server.origin && pathname.startsWith(prefix);
  return served ? decoded(pathname.slice(prefix.length)) : null;
}

function decoded(path: string): string | null {
  try {
    return decodeURIComponent(path);
  } catch {
    return null;
  }
}

/** Files directly in a folder; a folder that is not there has none. */
export async function listFiles(client: MlflowClient, folder: string, what: string): Promise<ArtifactFile[]> {
  return filesOf((await client.find({ what, path: api, query: { path: folder } })) ?? {});
}

/** A small text file, such as MLmodel. */
export async function readText(client: MlflowClient, path: string, maxBytes: number, what: string): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  await transfer(client, { path, maxBytes, what }, (chunk) => {
    text += decoder.decode(chunk, { stream: true });
  });
  return text + decoder.decode();
}

/** Writes a file of the server to `target`. Its size must be what the folder's list says. */
export async function download(
  client: MlflowClient,
  folder: string,
  file: ArtifactFile,
  target: string,
  what: string,
): Promise<void> {
  const out = createWriteStream(target, { flags: "wx" });
  // An error between two writes has nobody else to tell.
  const failed = once(out, "error").then(([error]: unknown[]) => Promise.reject(error));
  failed.catch(() => {});
  const path = folder === "" ? file.name : `${folder}/${file.name}`;
  try {
    const bytes = await transfer(client, { path, maxBytes: file.sizeBytes, what }, async (chunk) => {
      if (!out.write(chunk)) await Promise.race([once(out, "drain"), failed]);
    });
    if (bytes !== file.sizeBytes) throw unreachable(what, client.settings, new Error(`only ${bytes} bytes arrived`));
    out.end();
    await Promise.race([once(out, "close"), failed]);
  } catch (error) {
    out.destroy();
    throw error;
  }
}

/** Reads a file piece by piece. Returns its size in bytes. */
async function transfer(
  client: MlflowClient,
  file: { readonly path: string; readonly maxBytes: number; readonly what: string },
  use: (chunk: Uint8Array) => void | Promise<void>,
): Promise<number> {
  const { path, maxBytes, what } = file;
  const controller = new AbortController();
  const stalled = (): void => controller.abort(new DOMException("the download stalled", "TimeoutError"));
  let timer = setTimeout(stalled, stallMs);
  let bytes = 0;
  try {
    const place = path.split("/").map(encodeURIComponent).join("/");
    const response = await client.open({ what, path: `${api}/${place}` }, controller.signal);
    for await (const chunk of chunksOf(response, what, client.settings)) {
      clearTimeout(timer);
      timer = setTimeout(stalled, stallMs);
      bytes += chunk.byteLength;
      if (bytes > maxBytes)
        fail(tooLarge(`${what}: the server sends more than the ${maxBytes} bytes that it may have`));
      await use(chunk);
    }
  } finally {
    clearTimeout(timer);
    controller.abort();
  }
  return bytes;
}

/** The body in pieces; a connection that breaks is told as such. */
async function* chunksOf(response: Response, what: string, settings: MlflowSettings): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  for (;;) {
    const read = await reader.read().catch((error: unknown) => {
      throw unreachable(what, settings, error);
    });
    if (read.done) return;
    yield read.value;
  }
}
