import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { openArtifactStore } from "../../../../../../cli/gitops/edges/store/open.ts";
import { problemOf } from "../../../../../support/problems.ts";
import { startS3, type S3Server } from "../../../../../support/s3.ts";
import { sha256 } from "../../../../../support/versions.ts";

// The server writes to disk, which a busy machine lets wait.
setDefaultTimeout(60_000);

let s3: S3Server;
beforeAll(async () => {
  s3 = await startS3("models");
});
afterAll(() => s3.stop());

const open = (store: string) => openArtifactStore(store, { rootDir: "." }, s3.env);

test("a model in a bucket is what anybody's S3 client reads there, and the other way round", async () => {
  const bytes = new TextEncoder().encode("the model");
  const key = `sha256/${sha256(bytes)}/model.onnx`;
  const store = open("s3://models/team/a");
  await store.write(key, new Blob([bytes]));
  expect(await s3.client.file(`team/a/${key}`).bytes()).toEqual(bytes);
  await s3.client.write(`team/b/${key}`, bytes);
  expect(await open("s3://models/team/b/").read(key)).toEqual(Buffer.from(bytes));
  expect((await store.find(key)).size).toBe(bytes.length);
});

test("a file of several parts is whole at the end, and is not sent again", async () => {
  const bytes = new Uint8Array(17 * 1024 * 1024).fill(7, 5_000_000);
  const key = `sha256/${sha256(bytes)}/weights.bin`;
  await open("s3://models").write(key, new Blob([bytes]));
  expect(sha256(await s3.client.file(key).bytes())).toBe(sha256(bytes));
  const { lastModified } = await s3.client.file(key).stat();
  await open("s3://models").write(key, new Blob([bytes]));
  expect((await s3.client.file(key).stat()).lastModified).toEqual(lastModified);
});

test("what is not there is told, and so is a bucket that is not", async () => {
  const key = `sha256/${"0".repeat(64)}/model.onnx`;
  expect((await problemOf(() => open("s3://models").read(key))).code).toBe("file-missing");
  const error: unknown = await open("s3://others")
    .read(key)
    .catch((thrown: unknown) => thrown);
  expect(String(error)).toContain('no bucket "others"');
});
