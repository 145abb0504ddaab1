import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openCutStore } from "../../../gateway/edges/cut-store.ts";
import { ProblemError } from "../../../schemas/problem.ts";
import { cutOf } from "../../support/cuts.ts";
import { tempFolder } from "../../support/temp-folder.ts";

function problemOf(open: () => unknown): { readonly code: string; readonly text: string } {
  try {
    open();
  } catch (error) {
    if (error instanceof ProblemError) return { code: error.problems[0]!.code, text: error.message };
    throw error;
  }
  throw new Error("it opened");
}

test("a cut that was put is open, once, however often it is put", () => {
  const store = openCutStore(":memory:");
  store.put(cutOf());
  store.put(cutOf({ reason: "another alert" }));
  store.put(cutOf({ attempt: null }));
  expect(store.list().map(({ cut }) => [cut.attempt, cut.reason])).toEqual([
    [6, cutOf().reason],
    [null, cutOf().reason],
  ]);
  expect(store.list()[0]).toEqual({ cut: cutOf(), state: { kind: "open" }, lastError: null });
});

test("cuts are listed oldest first", () => {
  const store = openCutStore(":memory:");
  for (const minute of ["12", "10", "11"]) store.put(cutOf({ model: minute, at: `2026-11-21T08:${minute}:00.000Z` }));
  expect(store.list().map(({ cut }) => cut.model)).toEqual(["10", "11", "12"]);
});

test("state and last error are kept, of open cuts only", () => {
  const store = openCutStore(":memory:");
  const state = { kind: "waiting", pullRequest: { number: 7, url: "https://example.test/pull/7" } } as const;
  store.setState(cutOf(), state, null);
  expect(store.list()).toEqual([]);
  store.put(cutOf());
  store.setState(cutOf(), state, "the branch is protected");
  expect(store.list()).toEqual([{ cut: cutOf(), state, lastError: "the branch is protected" }]);
});

test("a cut that has ended is gone, and opens again when it is put again", () => {
  const store = openCutStore(":memory:");
  store.put(cutOf());
  store.end(cutOf(), "2026-11-21T08:11:00.000Z");
  expect(store.list()).toEqual([]);
  store.put(cutOf({ reason: "bad again" }));
  expect(store.list().map(({ cut, state }) => [cut.reason, state.kind])).toEqual([["bad again", "open"]]);
});

test("automatic rollbacks of stable versions stay known for a day", () => {
  const store = openCutStore(":memory:");
  const first = cutOf({ phase: "stable", at: "2026-11-21T08:00:00.000Z" });
  store.put(first);
  store.put(cutOf({ phase: "stable", by: "person", version: 4 }));
  store.put(cutOf({ phase: "canary", version: 5 }));
  store.end(first, "2026-11-21T09:00:00.000Z");
  expect(store.stableRollbacks("fraud", "2026-11-21T00:00:00.000Z")).toEqual([first.at]);
  expect(store.stableRollbacks("fraud", "2026-11-21T08:00:00.001Z")).toEqual([]);
  expect(store.stableRollbacks("wine", "2026-11-21T00:00:00.000Z")).toEqual([]);

  const later = cutOf({ at: "2026-11-22T08:00:00.001Z" });
  store.put(later);
  store.end(later, later.at);
  expect(store.stableRollbacks("fraud", "2026-11-21T00:00:00.000Z")).toEqual([]);
});

test("the first time that a version is served is remembered, by phase and attempt", () => {
  const store = openCutStore(":memory:");
  expect(store.firstServed("fraud", 3, "canary", 6, "2026-11-21T08:00:00.000Z")).toBe("2026-11-21T08:00:00.000Z");
  expect(store.firstServed("fraud", 3, "canary", 6, "2026-11-21T09:00:00.000Z")).toBe("2026-11-21T08:00:00.000Z");
  expect(store.firstServed("fraud", 3, "stable", 6, "2026-11-21T10:00:00.000Z")).toBe("2026-11-21T10:00:00.000Z");
  expect(store.firstServed("fraud", 3, "stable", null, "2026-11-21T11:00:00.000Z")).toBe("2026-11-21T11:00:00.000Z");
  expect(store.firstServed("fraud", 3, "stable", null, "2026-11-21T12:00:00.000Z")).toBe("2026-11-21T11:00:00.000Z");
});

test("all of it is there after the store is opened again", () => {
  using folder = tempFolder();
  const path = join(folder.path, "cuts.db");
  const before = openCutStore(path);
  before.put(cutOf());
  before.firstServed("fraud", 3, "canary", 6, "2026-11-21T08:00:00.000Z");
  before.close();
  const after = openCutStore(path);
  expect(after.list().map(({ cut }) => cut)).toEqual([cutOf()]);
  expect(after.firstServed("fraud", 3, "canary", 6, "2027-01-01T00:00:00.000Z")).toBe("2026-11-21T08:00:00.000Z");
  after.close();
});

test("a file that is no database is refused with the path and what to do", () => {
  using folder = tempFolder();
  const path = join(folder.path, "cuts.db");
  writeFileSync(path, "this is a text file, and long enough that nobody takes it for an empty database".repeat(20));
  const { code, text } = problemOf(() => openCutStore(path));
  expect(code).toBe("cut-store-damaged");
  expect(text).toContain(path);
  expect(text).toContain("move it away");
});

test("a damaged database is refused, not served in part", () => {
  using folder = tempFolder();
  const path = join(folder.path, "cuts.db");
  const store = openCutStore(path);
  for (let version = 1; version <= 200; version += 1) store.put(cutOf({ version }));
  store.close();
  const bytes = readFileSync(path);
  bytes.fill(0xff, 4096, Math.min(bytes.length, 40_960));
  writeFileSync(path, bytes);
  expect(problemOf(() => openCutStore(path)).code).toBe("cut-store-damaged");
});

test("a store of a newer mmsp is refused", () => {
  using folder = tempFolder();
  const path = join(folder.path, "cuts.db");
  openCutStore(path).close();
  const database = new Database(path);
  database.run("PRAGMA user_version = 99");
  database.close();
  expect(problemOf(() => openCutStore(path))).toMatchObject({ code: "cut-store-newer" });
});

test("a folder that is not there is told as such", () => {
  using folder = tempFolder();
  expect(problemOf(() => openCutStore(join(folder.path, "no", "cuts.db"))).code).toBe("cut-store-unusable");
});

test("several gateways on one file lose nothing of each other", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "cuts.db");
  const script = join(import.meta.dir, "../../support/cut-writer.ts");
  const writers = ["1", "2", "3"].map((name) =>
    Bun.spawn([process.execPath, script, path, name, "20"], { stderr: "pipe" }),
  );
  for (const writer of writers) {
    expect(await new Response(writer.stderr).text()).toBe("");
    expect(await writer.exited).toBe(0);
  }
  const store = openCutStore(path);
  expect(store.list().length).toBe(30);
  for (const { cut, lastError } of store.list()) expect(lastError).toBe(`try of ${cut.model}`);
  const since = store.firstServed("shared", 20, "canary", 1, "2027-01-01T00:00:00.000Z");
  expect(since).toStartWith("2026-11-21T08:00:00.");
  store.close();
});
