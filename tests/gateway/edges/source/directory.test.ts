import { afterEach, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { directorySource } from "../../../../gateway/edges/source/directory.ts";
import { ProblemError } from "../../../../schemas/problem.ts";

const folders: string[] = [];
afterEach(async () => {
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true })));
});

async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "mmsp-dir-"));
  folders.push(folder);
  for (const [path, text] of Object.entries(files)) await put(folder, path, text);
  return folder;
}

async function put(folder: string, path: string, text: string): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), text);
}

const first = { "environments/mmsp.yaml": "a: 1\n", "environments/dev/models/m/deployment.yaml": "b: 2\n" };

test("reads the documents under environments/ and nothing else", async () => {
  const folder = await folderWith({
    ...first,
    "README.md": "no",
    "other/x.yaml": "no",
    "environments/notes.txt": "no",
  });
  const state = await directorySource(folder).read();
  expect(Object.fromEntries(state.files)).toEqual(first);
});

test("the revision tells states apart, and equal ones not", async () => {
  const [a, b] = [await folderWith(first), await folderWith(first)];
  const [one, two] = [await directorySource(a).read(), await directorySource(b).read()];
  expect(one.revision).toBe(two.revision);
  await put(b, "environments/mmsp.yaml", "a: 2\n");
  expect((await directorySource(b).read()).revision).not.toBe(one.revision);
});

test("a document that is too large is not read into memory", async () => {
  const folder = await folderWith({ "environments/mmsp.yaml": "x".repeat(3 * 1024 * 1024) });
  expect((await directorySource(folder).read()).files.get("environments/mmsp.yaml")?.length).toBe(1024 * 1024 + 1);
});

test("files are read from inside the directory only", async () => {
  const outside = await folderWith({ secret: "secret" });
  const folder = await folderWith({ ...first, "store/model": "bytes" });
  await symlink(join(outside, "secret"), join(folder, "store", "link"));
  const state = await directorySource(folder).read();
  expect(new TextDecoder().decode(await state.readFile("store/model"))).toBe("bytes");
  for (const path of ["../secret", "store/../../secret", "/etc/passwd", "store/link", "store/none", "-x"]) {
    const error: unknown = await state.readFile(path).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ProblemError);
  }
});

test("a directory without environments/ is a problem that says so", async () => {
  const folder = await folderWith({});
  const error: unknown = await directorySource(folder)
    .read()
    .catch((thrown: unknown) => thrown);
  expect((error as ProblemError).problems[0]?.code).toBe("source-missing");
});

/** Resolves at the next change that is told. */
function nextChange(folder: string, options: Parameters<typeof directorySource>[1]) {
  const source = directorySource(folder, options);
  const changed = Promise.withResolvers<void>();
  let calls = 0;
  const stop = source.watch(() => {
    calls++;
    changed.resolve();
  });
  return { source, changed: changed.promise, stop, calls: () => calls };
}

test("a change deep inside is told, in new folders too, and many at once are told once", async () => {
  const folder = await folderWith(first);
  const watched = nextChange(folder, { quietMs: 30, pollMs: 60_000 });
  await watched.source.read();
  for (let version = 1; version <= 20; version++)
    await put(folder, `environments/registry/m/${version}/x.yaml`, "c: 3\n");
  await watched.changed;
  watched.stop();
  expect(watched.calls()).toBe(1);
});

test("writes that never stop for long are told all the same", async () => {
  const folder = await folderWith(first);
  const watched = nextChange(folder, { quietMs: 500, longestMs: 50, pollMs: 60_000 });
  let writes = 0;
  while (watched.calls() === 0 && writes < 200) {
    await put(folder, "environments/mmsp.yaml", `a: ${++writes}\n`);
    await Bun.sleep(5);
  }
  watched.stop();
  expect(watched.calls()).toBe(1);
});

test("links are followed inside the directory, as `mmsp validate` does, and neither out of it nor in circles", async () => {
  const outside = await folderWith({ "secret.yaml": "secret: 1\n", "models/n/deployment.yaml": "secret: 2\n" });
  const folder = await folderWith({ ...first, "shared/policy.yaml": "p: 1\n", "shared/n/deployment.yaml": "n: 1\n" });
  const link = (target: string, path: string) => symlink(target, join(folder, path));
  await link("../../shared/policy.yaml", "environments/dev/environment.yaml");
  await link(join(folder, "shared/n"), "environments/dev/models/n");
  await link(join(outside, "secret.yaml"), "environments/dev/secret.yaml");
  await link(join(outside, "models/n"), "environments/dev/models/o");
  await link("..", "environments/dev/models/circle");
  await link("nowhere", "environments/dev/nowhere.yaml");
  const state = await directorySource(folder).read();
  expect(Object.fromEntries(state.files)).toEqual({
    ...first,
    "environments/dev/environment.yaml": "p: 1\n",
    "environments/dev/models/n/deployment.yaml": "n: 1\n",
  });
});

test("hidden files are nobody's documents", async () => {
  const folder = await folderWith({ ...first, "environments/.draft.yaml": "a: 2\n", "environments/.old/x.yaml": "b" });
  expect(Object.fromEntries((await directorySource(folder).read()).files)).toEqual(first);
});

test("the poll sees a change that nobody told", async () => {
  const folder = await folderWith(first);
  await rm(join(folder, "environments"), { recursive: true });
  // Nothing to watch yet, so the poll is all there is.
  const watched = nextChange(folder, { quietMs: 1, pollMs: 10 });
  for (const [path, text] of Object.entries(first)) await put(folder, path, text);
  await watched.changed;
  watched.stop();
  expect((await watched.source.read()).files.size).toBe(2);
});
