import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openCutStore } from "../../../gateway/edges/cut-store.ts";
import { cutKey } from "../../../schemas/cut.ts";
import { ProblemError } from "../../../schemas/problem.ts";
import { cutOf } from "../../support/cuts.ts";
import { temporaryFolder } from "../../support/folder.ts";

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
  const store = openCutStore(":memory:", "prod");
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
  const store = openCutStore(":memory:", "prod");
  for (const minute of ["12", "10", "11"]) store.put(cutOf({ model: minute, at: `2026-11-21T08:${minute}:00.000Z` }));
  expect(store.list().map(({ cut }) => cut.model)).toEqual(["10", "11", "12"]);
});

test("state and last error are kept, of open cuts only", () => {
  const store = openCutStore(":memory:", "prod");
  const state = { kind: "waiting", pullRequest: { number: 7, url: "https://example.test/pull/7" } } as const;
  store.setState(cutOf(), state, null);
  expect(store.list()).toEqual([]);
  store.put(cutOf());
  store.setState(cutOf(), state, "the branch is protected");
  expect(store.list()).toEqual([{ cut: cutOf(), state, lastError: "the branch is protected" }]);
});

test("a cut that has ended is gone, and opens again when it is put again", () => {
  const store = openCutStore(":memory:", "prod");
  store.put(cutOf());
  store.end(cutOf(), "2026-11-21T08:11:00.000Z");
  expect(store.list()).toEqual([]);
  store.put(cutOf({ reason: "bad again" }));
  expect(store.list().map(({ cut, state }) => [cut.reason, state.kind])).toEqual([["bad again", "open"]]);
});

test("automatic rollbacks of stable versions stay known for a day", () => {
  const store = openCutStore(":memory:", "prod");
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
  const store = openCutStore(":memory:", "prod");
  expect(store.firstServed("fraud", 3, "canary", 6, "2026-11-21T08:00:00.000Z")).toBe("2026-11-21T08:00:00.000Z");
  expect(store.firstServed("fraud", 3, "canary", 6, "2026-11-21T09:00:00.000Z")).toBe("2026-11-21T08:00:00.000Z");
  expect(store.firstServed("fraud", 3, "stable", 6, "2026-11-21T10:00:00.000Z")).toBe("2026-11-21T10:00:00.000Z");
  expect(store.firstServed("fraud", 3, "stable", null, "2026-11-21T11:00:00.000Z")).toBe("2026-11-21T11:00:00.000Z");
  expect(store.firstServed("fraud", 3, "stable", null, "2026-11-21T12:00:00.000Z")).toBe("2026-11-21T11:00:00.000Z");
});

test("all of it is there after the store is opened again", () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "cuts.db");
  const before = openCutStore(path, "prod");
  before.put(cutOf());
  before.firstServed("fraud", 3, "canary", 6, "2026-11-21T08:00:00.000Z");
  before.close();
  const after = openCutStore(path, "prod");
  expect(after.list().map(({ cut }) => cut)).toEqual([cutOf()]);
  expect(after.firstServed("fraud", 3, "canary", 6, "2027-01-01T00:00:00.000Z")).toBe("2026-11-21T08:00:00.000Z");
  after.close();
});

test("gateways of several environments share a file, and each sees and ends what is its own", () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "cuts.db");
  const [prod, dev] = [openCutStore(path, "prod"), openCutStore(path, "dev")];
  const stable = { phase: "stable", at: "2026-11-21T08:00:00.000Z" } as const;
  prod.put(cutOf(stable));
  expect(prod.firstServed("fraud", 3, "stable", 6, "2026-11-21T07:00:00.000Z")).toBe("2026-11-21T07:00:00.000Z");
  expect(dev.list()).toEqual([]);
  expect(dev.stableRollbacks("fraud", "2026-11-21T00:00:00.000Z")).toEqual([]);
  expect(dev.firstServed("fraud", 3, "stable", 6, "2026-11-21T09:00:00.000Z")).toBe("2026-11-21T09:00:00.000Z");
  dev.put(cutOf({ ...stable, environment: "dev" }));
  dev.end(cutOf({ ...stable, environment: "dev" }), "2026-11-21T09:00:00.000Z");
  expect(prod.list().map(({ cut }) => cut)).toEqual([cutOf(stable)]);
  expect(prod.stableRollbacks("fraud", "2026-11-21T00:00:00.000Z")).toEqual([stable.at]);
  prod.close();
  dev.close();
});

test("a store of the first schema is brought up to date with all that is in it", () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "cuts.db");
  const old = new Database(path);
  old.run(`
    CREATE TABLE cuts (
      key TEXT PRIMARY KEY, cut TEXT NOT NULL, state TEXT NOT NULL, last_error TEXT, at TEXT NOT NULL
    ) STRICT;
    CREATE TABLE stable_rollbacks (key TEXT NOT NULL, model TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (key, at)) STRICT;
    CREATE TABLE served (
      model TEXT NOT NULL, version INTEGER NOT NULL, phase TEXT NOT NULL, attempt INTEGER NOT NULL, since TEXT NOT NULL,
      PRIMARY KEY (model, version, phase, attempt)
    ) STRICT;
    PRAGMA user_version = 1;
  `);
  const at = "2026-11-21T08:00:00.000Z";
  const cuts = [cutOf({ phase: "stable", at }), cutOf({ environment: "dev", at })];
  for (const cut of cuts) {
    const row = { key: cutKey(cut), cut: JSON.stringify(cut), at };
    old.query("INSERT INTO cuts VALUES ($key, $cut, '{\"kind\":\"open\"}', 'no rights', $at)").run(prefixed(row));
    old.query("INSERT INTO stable_rollbacks VALUES ($key, $cut, $at)").run(prefixed({ ...row, cut: cut.model }));
  }
  old.run(`INSERT INTO served VALUES ('fraud', 3, 'stable', 6, '${at}')`);
  old.close();

  const prod = openCutStore(path, "prod");
  expect(prod.list()).toEqual([{ cut: cuts[0]!, state: { kind: "open" }, lastError: "no rights" }]);
  expect(prod.stableRollbacks("fraud", at)).toEqual([at]);
  expect(prod.firstServed("fraud", 3, "stable", 6, "2027-01-01T00:00:00.000Z")).toBe(at);
  prod.close();
  const dev = openCutStore(path, "dev");
  expect(dev.list().map(({ cut }) => cut)).toEqual([cuts[1]!]);
  dev.close();
});

/** Names as a database without `strict` wants them. */
function prefixed(row: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [`$${name}`, value]));
}

test("a file that is no database is refused with the path and what to do", () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "cuts.db");
  writeFileSync(path, "this is a text file, and long enough that nobody takes it for an empty database".repeat(20));
  const { code, text } = problemOf(() => openCutStore(path, "prod"));
  expect(code).toBe("cut-store-damaged");
  expect(text).toContain(path);
  expect(text).toContain("move it away");
});

test("a damaged database is refused, not served in part", () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "cuts.db");
  const store = openCutStore(path, "prod");
  for (let version = 1; version <= 200; version += 1) store.put(cutOf({ version }));
  store.close();
  const bytes = readFileSync(path);
  bytes.fill(0xff, 4096, Math.min(bytes.length, 40_960));
  writeFileSync(path, bytes);
  expect(problemOf(() => openCutStore(path, "prod")).code).toBe("cut-store-damaged");
});

test("a store of a newer mmsp is refused", () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "cuts.db");
  openCutStore(path, "prod").close();
  const database = new Database(path);
  database.run("PRAGMA user_version = 99");
  database.close();
  expect(problemOf(() => openCutStore(path, "prod"))).toMatchObject({ code: "cut-store-newer" });
});

test("a folder that is not there is told as such", () => {
  using folder = temporaryFolder();
  expect(problemOf(() => openCutStore(join(folder.path, "no", "cuts.db"), "prod")).code).toBe("cut-store-unusable");
});

test("several gateways on one file lose nothing of each other", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "cuts.db");
  const script = join(import.meta.dir, "../../support/cut-writer.ts");
  const writers = ["1", "2", "3"].map((name) =>
    Bun.spawn([process.execPath, script, path, name, "20"], { stderr: "pipe" }),
  );
  for (const writer of writers) {
    expect(await new Response(writer.stderr).text()).toBe("");
    expect(await writer.exited).toBe(0);
  }
  const store = openCutStore(path, "prod");
  expect(store.list().length).toBe(30);
  for (const { cut, lastError } of store.list()) expect(lastError).toBe(`try of ${cut.model}`);
  const since = store.firstServed("shared", 20, "canary", 1, "2027-01-01T00:00:00.000Z");
  expect(since).toStartWith("2026-11-21T08:00:00.");
  store.close();
});
