import { expect, test } from "bun:test";
import { existsSync, utimesSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { openStoreFiles } from "../../../../cli/gitops/edges/store-files.ts";
import { digest } from "../../../support/builders.ts";
import { temporaryFolder } from "../../../support/folder.ts";
import { problemsOf } from "../../../support/problems.ts";
import { startS3 } from "../../../support/s3.ts";

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

test("a bucket that lists in pages is listed to its end, and one that cannot be reached says how to mend it", async () => {
  const names = ["a", "b", "c"].map((seed) => key(seed)).toSorted();
  const entry = (name: string) =>
    `<Contents><Key>${name}</Key><Size>1</Size><LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>`;
  using server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request) {
      const after = new URL(request.url).searchParams.get("start-after") ?? "";
      const [name = ""] = names.filter((candidate) => candidate > after);
      const more = name !== names.at(-1);
      return new Response(
        `<ListBucketResult><Name>models</Name><IsTruncated>${more}</IsTruncated><KeyCount>1</KeyCount>${entry(name)}</ListBucketResult>`,
        { headers: { "content-type": "application/xml" } },
      );
    },
  });
  const env = { S3_ENDPOINT: server.url.href, AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "planted-secret" };
  expect((await openStoreFiles("s3://models", env).list()).map((file) => file.key)).toEqual(names);
  await server.stop(true);
  const problems = await problemsOf(() => openStoreFiles("s3://models", env).list());
  expect(problems).toMatchObject([{ code: "store-unreachable", hint: expect.stringContaining("AWS_ENDPOINT_URL_S3") }]);
  expect(JSON.stringify(problems)).not.toContain("planted-secret");
});
