import { afterEach, beforeEach, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fetchReferred } from "../../../../../cli/gitops/edges/store/referred.ts";
import { patience } from "../../../../../cli/gitops/edges/store/retry.ts";
import { temporaryFolder } from "../../../../support/folder.ts";
import { startHttps, type HttpsServer } from "../../../../support/https.ts";
import { weightedModel } from "../../../../support/models.ts";
import { encodeModel, externalData } from "../../../../support/onnx.ts";
import { problemOf } from "../../../../support/problems.ts";

const model = weightedModel({ weights: "w #1/w.bin" });
const { TMPDIR } = process.env;
let files: Map<string, Uint8Array>;
let server: HttpsServer;
let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  files = new Map([["team a.onnx", encodeModel(model)], ...externalData(model)]);
  server = startHttps((request) => {
    const content = files.get(decodeURIComponent(new URL(request.url).pathname.slice(1)));
    return content === undefined ? new Response("no", { status: 404 }) : new Response(Uint8Array.from(content));
  });
});
beforeEach(() => {
  folder = temporaryFolder();
  process.env["TMPDIR"] = folder.path;
});
afterEach(() => {
  if (TMPDIR === undefined) delete process.env["TMPDIR"];
  else process.env["TMPDIR"] = TMPDIR;
  folder[Symbol.dispose]();
  server[Symbol.dispose]();
});

const get = () => fetchReferred(`${server.url}/team%20a.onnx?v=1`, { ...patience, tries: 1, fetch: server.fetch });
const left = (): readonly string[] => readdirSync(folder.path);

test("a model by reference comes with its weights, which lie as beside their address, and goes when it was looked at", async () => {
  const referred = await get();
  expect(referred.uri).toBe(`${server.url}/team%20a.onnx?v=1`);
  expect(left()).toHaveLength(1);
  const weights = join(dirname(referred.path), "w #1/w.bin");
  expect(readFileSync(weights)).toEqual(Buffer.from(files.get("w #1/w.bin")!));
  expect(referred.place(referred.path)).toBe(referred.uri);
  expect(referred.place(weights)).toBe(`${server.url}/w #1/w.bin`);
  referred[Symbol.dispose]();
  expect(left()).toEqual([]);
});

test("not more is downloaded than a model needs, and nothing is left behind", async () => {
  files.set("w #1/w.bin", new Uint8Array(17 * 1024 ** 2));
  const problem = await problemOf(get);
  expect(problem).toMatchObject({ code: "file-too-large", file: `${server.url}/w%20%231/w.bin` });
  files.delete("w #1/w.bin");
  const missing: unknown = await get().catch((thrown: unknown) => thrown);
  expect(String(missing)).toContain(`${server.url}/w%20%231/w.bin: the server answered 404`);
  expect(left()).toEqual([]);
});
