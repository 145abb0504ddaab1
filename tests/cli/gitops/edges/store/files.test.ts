import { expect, test } from "bun:test";
import { existsSync, utimesSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { openStoreFiles } from "../../../../../cli/gitops/edges/store/files.ts";
import { transport, type Transport } from "../../../../../cli/gitops/edges/store/s3/request.ts";
import { OutsideError } from "../../../../../cli/gitops/core/ports.ts";
import { digest } from "../../../../support/builders.ts";
import { temporaryFolder } from "../../../../support/folder.ts";
import { problemsOf } from "../../../../support/problems.ts";
import { s3Error } from "../../../../support/s3-fake.ts";
import { startS3 } from "../../../../support/s3.ts";

const key = (seed: string, file = "model.onnx") => `sha256/${digest(seed)}/${file}`;

test("a folder's files are listed with size and age, and removed with the folders that they leave empty", async () => {
  using folder = temporaryFolder({
    [key("a")]: "0123",
    [key("a", "other.onnx")]: "01",
    [key("b")]: "012345",
    "README.md": "not ours",
    "sha256/notes.txt": "not ours either",
  });
  utimesSync(`${folder.path}/${key("b")}`, 1000, 1000);
  const store = openStoreFiles(pathToFileURL(folder.path).href, {});
  const files = await store.list();
  expect(new Map(files.map((file) => [file.key, file.sizeBytes]))).toEqual(
    new Map([
      [key("a"), 4],
      [key("a", "other.onnx"), 2],
      [key("b"), 6],
    ]),
  );
  expect(files.find((file) => file.key === key("b"))?.modifiedAt).toBe(1_000_000);
  await store.remove([key("a"), key("b")]);
  expect((await store.list()).map((file) => file.key)).toEqual([key("a", "other.onnx")]);
  expect(existsSync(`${folder.path}/sha256/${digest("b")}`)).toBe(false);
  expect(existsSync(`${folder.path}/sha256/notes.txt`)).toBe(true);
});

test("a folder that is not there holds nothing; a store of another kind is no store", async () => {
  expect(await openStoreFiles("file:///nowhere/at/all", {}).list()).toEqual([]);
  expect(await problemsOf(() => openStoreFiles("artifacts", {}))).toMatchObject([{ code: "store-unknown" }]);
});

test("a bucket's files below the prefix, by a real S3 server", async () => {
  const s3 = await startS3("models");
  try {
    for (const [name, text] of [
      [`team/${key("a")}`, "0123"],
      [`team/${key("b")}`, "01"],
      [key("c"), "of somebody else"],
    ] as const)
      await s3.client.file(name).write(text);
    const store = openStoreFiles("s3://models/team", s3.env);
    const files = await store.list();
    expect(new Map(files.map((file) => [file.key, file.sizeBytes]))).toEqual(
      new Map([
        [key("a"), 4],
        [key("b"), 2],
      ]),
    );
    expect(files.every(({ modifiedAt }) => Math.abs(Date.now() - modifiedAt) < 60_000)).toBe(true);
    await store.remove([key("a")]);
    expect((await store.list()).map((file) => file.key)).toEqual([key("b")]);
    expect(await s3.client.exists(key("c"))).toBe(true);
  } finally {
    await s3.stop();
  }
});

/** Two requests in three fail; it lists a file a page. */
function startFlaky(names: readonly string[]) {
  const removed: string[] = [];
  const entry = (name: string) =>
    `<Contents><Key>${name}</Key><Size>1</Size><LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>`;
  let asked = 0;
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch({ method, url }) {
      asked += 1;
      if (asked % 3 !== 0) return s3Error(503, "SlowDown");
      const { pathname, searchParams } = new URL(url);
      if (method === "DELETE") {
        removed.push(pathname);
        return s3Error(404, "NoSuchKey");
      }
      const at = Number(searchParams.get("continuation-token") ?? 0);
      const more = at + 1 < names.length;
      const next = more ? `<NextContinuationToken>${at + 1}</NextContinuationToken>` : "";
      return new Response(
        `<ListBucketResult><IsTruncated>${more}</IsTruncated>${next}${entry(names[at] ?? "")}</ListBucketResult>`,
      );
    },
  });
  return { server, removed };
}

const impatient: Transport = { ...transport, idleMs: 400, tries: 3, sleep: () => Promise.resolve() };
const secret = "planted-secret";

test("a bucket that lists in pages, and is busy at times, is listed to its end; what has gone already is removed", async () => {
  const names = ["a", "b", "c"].map((seed) => key(seed)).toSorted();
  const { server, removed } = startFlaky(names);
  using _ = server;
  const env = { S3_ENDPOINT: server.url.href, AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: secret };
  const store = openStoreFiles("s3://models", env, impatient);
  expect((await store.list()).map((file) => file.key)).toEqual(names);
  await store.remove([key("a")]);
  expect(removed).toEqual([`/models/${key("a")}`]);
});

test("a bucket that never answers, or that nobody may list, is told with how to mend it", async () => {
  let answer = (): Response | Promise<Response> => new Promise(() => {});
  using server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => answer() });
  const env = { S3_ENDPOINT: server.url.href, AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: secret };
  const hintOf = async (action: (store: ReturnType<typeof openStoreFiles>) => Promise<unknown>): Promise<string> => {
    const store = openStoreFiles("s3://models", env, { ...impatient, idleMs: 50 });
    const error: unknown = await action(store).catch((thrown: unknown) => thrown);
    if (!(error instanceof OutsideError)) throw error;
    expect(`${error.message} ${error.hint}`).not.toContain(secret);
    return error.hint;
  };
  expect(await hintOf((store) => store.list())).toContain("AWS_ENDPOINT_URL_S3");
  answer = () => s3Error(403, "AccessDenied");
  expect(await hintOf((store) => store.list())).toContain("s3:ListBucket");
  expect(await hintOf((store) => store.remove([key("a")]))).toContain("s3:DeleteObject");
});
