import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { openArtifactStore, repositoryPath } from "../../../../../cli/gitops/edges/store/open.ts";
import { temporaryFolder } from "../../../../support/folder.ts";
import { problemOf } from "../../../../support/problems.ts";

const content = Buffer.from("the model");
const file = new Blob([content]);
const digest = createHash("sha256").update(content).digest("hex");
const key = `sha256/${digest}/model.onnx`;
const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${digest}\nsize 9\n`;

describe.each(["file:///", "repository"])("a store of the kind %s", (kind) => {
  function open(path: string) {
    return kind === "repository"
      ? openArtifactStore("examples/store", { rootDir: path })
      : openArtifactStore(pathToFileURL(join(path, "examples/store")).href, { rootDir: "/nowhere" });
  }

  test("gives back what was written, from a folder that it makes", async () => {
    using folder = temporaryFolder();
    await open(folder.path).write(key, file);
    expect(await open(folder.path).read(key)).toEqual(content);
    expect(readdirSync(join(folder.path, "examples/store/sha256", digest))).toEqual(["model.onnx"]);
  });

  test("does not write again what is there, but it counts as new: an old file might be collected meanwhile", async () => {
    using folder = temporaryFolder();
    await open(folder.path).write(key, file);
    const place = join(folder.path, "examples/store", key);
    utimesSync(place, 1000, 1000);
    const { ino } = statSync(place);
    await open(folder.path).write(key, file);
    expect(statSync(place).ino).toBe(ino);
    expect(Date.now() - statSync(place).mtimeMs).toBeLessThan(60_000);
  });

  test("lets several write the same at once", async () => {
    using folder = temporaryFolder();
    // Which writer is where at which moment is chance: in 50 rounds, one always saw a file being replaced.
    for (let round = 0; round < 50; round++) {
      await Promise.all(Array.from({ length: 8 }, () => open(folder.path).write(key, file)));
      expect(readdirSync(join(folder.path, "examples/store/sha256", digest))).toEqual(["model.onnx"]);
      rmSync(join(folder.path, "examples"), { recursive: true });
    }
  });

  test("refuses what does not have the digest of its key, naming both", async () => {
    using folder = temporaryFolder({ [`examples/store/${key}`]: "another model" });
    const other = createHash("sha256").update("another model").digest("hex");
    const problem = await problemOf(() => open(folder.path).read(key));
    expect(problem.code).toBe("artifact-digest");
    expect(problem.message).toContain(digest);
    expect(problem.message).toContain(other);
    const write = await problemOf(() => open(folder.path).write(key, new Blob(["another model"])));
    expect(write.code).toBe("artifact-digest");
  });

  test("mends a damaged file or a git-lfs pointer when the right bytes are written", async () => {
    using folder = temporaryFolder({ [`examples/store/${key}`]: "damaged" });
    await open(folder.path).write(key, file);
    expect(await open(folder.path).read(key)).toEqual(content);
    writeFileSync(join(folder.path, "examples/store", key), pointer);
    await open(folder.path).write(key, file);
    expect(await open(folder.path).read(key)).toEqual(content);
  });

  test("recognises a git-lfs pointer, and a missing file, each with a hint", async () => {
    using folder = temporaryFolder();
    const missing = await problemOf(() => open(folder.path).read(key));
    expect(missing).toMatchObject({ code: "file-missing", hint: expect.stringContaining("register") });
    folder.put(`examples/store/${key}`, pointer);
    const lfs = await problemOf(() => open(folder.path).read(key));
    expect(lfs).toMatchObject({ code: "file-lfs-pointer", hint: expect.stringContaining("git lfs pull") });
  });

  test("tells where it cannot write, and leaves nothing behind", async () => {
    using folder = temporaryFolder({ "examples/store/sha256": "a file in the way of a folder" });
    const problem = await problemOf(() => open(folder.path).write(key, file));
    expect(["store-unwritable", "file-unreadable", "path-unreachable"]).toContain(problem.code);
    expect(readdirSync(join(folder.path, "examples/store"))).toEqual(["sha256"]);
  });

  test.each([
    "model.onnx",
    "sha256/short/model.onnx",
    `sha256/${digest}/../../../etc/passwd`,
    `sha256/${digest}/.hidden`,
    `sha256/${digest.toUpperCase()}/model.onnx`,
    `/sha256/${digest}/model.onnx`,
    `sha256/${digest}/model.onnx\n`,
  ])("takes no key such as %p", async (wrong) => {
    using folder = temporaryFolder();
    const read = await problemOf(() => open(folder.path).read(wrong));
    const write = await problemOf(() => open(folder.path).write(wrong, file));
    expect([read.code, write.code]).toEqual(["artifact-key", "artifact-key"]);
  });
});

describe("a store inside the repository", () => {
  test("never leaves it, by name or through a link", async () => {
    using outside = temporaryFolder();
    using folder = temporaryFolder();
    symlinkSync(outside.path, join(folder.path, "link"));
    const repository = { rootDir: folder.path };
    const linked = await problemOf(() => openArtifactStore("link", repository).write(key, file));
    const climbed = await problemOf(() => openArtifactStore("a/../../b", repository).write(key, file));
    expect([linked.code, climbed.code]).toEqual(["path-outside", "path-outside"]);
    expect(existsSync(join(outside.path, "sha256"))).toBeFalse();
  });

  test("is read at a commit through a function, and held to the same digest", async () => {
    const files = new Map<string, Uint8Array>([[`examples/store/${key}`, content]]);
    const readFile = (path: string) => Promise.resolve(files.get(path) ?? null);
    const store = openArtifactStore("examples/store/", { readFile });
    expect(await store.read(key)).toEqual(content);
    files.set(`examples/store/${key}`, Buffer.from("damaged"));
    expect((await problemOf(() => store.read(key))).code).toBe("artifact-digest");
    files.set(`examples/store/${key}`, Buffer.from(pointer));
    expect((await problemOf(() => store.read(key))).code).toBe("file-lfs-pointer");
    files.clear();
    expect((await problemOf(() => store.read(key))).code).toBe("file-missing");
  });

  test("at a commit takes no writes, because files belong into the change's own commit", async () => {
    const store = openArtifactStore("examples/store", { readFile: () => Promise.resolve(null) });
    const refused = await store.write(key, file).catch((error: unknown) => String(error));
    expect(refused).toContain("belongs into the commit");
    expect(repositoryPath("examples/store/", key)).toBe(`examples/store/${key}`);
  });
});

test("what a writer left behind that was killed goes when another writes there, and what is being written stays", async () => {
  using folder = temporaryFolder();
  const place = `store/sha256/${digest}`;
  const old = folder.put(`${place}/.old.mmsp-tmp`, "half a mod");
  utimesSync(old, 1000, 1000);
  folder.put(`${place}/.new.mmsp-tmp`, "half a mod");
  await openArtifactStore("store", { rootDir: folder.path }).write(key, file);
  expect(readdirSync(join(folder.path, place)).toSorted()).toEqual([".new.mmsp-tmp", "model.onnx"]);
});

describe("a store that is not there", () => {
  test.each(["gs://bucket", "file://host/folder", "file:///a%2Fb", "https://example.com/store"])(
    "such as %s is told, with those that are",
    async (store) => {
      const problem = await problemOf(() => openArtifactStore(store, { rootDir: "." }));
      expect(problem.code).toBe("store-unknown");
      expect(problem.message).toContain(store);
      expect(problem.hint).toMatch(/relative path.*file:\/\/\/folder.*s3:\/\/bucket/);
    },
  );

  test("as a folder in place of a file is a problem too", async () => {
    using folder = temporaryFolder();
    mkdirSync(join(folder.path, "store", key), { recursive: true });
    const problem = await problemOf(() => openArtifactStore("store", { rootDir: folder.path }).read(key));
    expect(problem.code).toBe("file-is-folder");
  });
});
