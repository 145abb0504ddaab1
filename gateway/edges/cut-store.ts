import { Database, SQLiteError } from "bun:sqlite";
import { cutKey, type Cut } from "../../schemas/cut.ts";
import { fail } from "../../schemas/problem.ts";
import type { CutState, CutStore, StoredCut } from "../react/ports.ts";

/** Counts changes of the tables below; a file of a newer mmsp is refused, not guessed at. */
const schemaVersion = 1;

/** Calls are synchronous: while another gateway writes, this one's requests wait too, so not for long. */
const busyTimeoutMs = 1000;

const dayMs = 86_400_000;

const tables = `
  CREATE TABLE cuts (
    key TEXT PRIMARY KEY, cut TEXT NOT NULL, state TEXT NOT NULL, last_error TEXT, at TEXT NOT NULL
  ) STRICT;
  CREATE TABLE stable_rollbacks (
    key TEXT NOT NULL, model TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (key, at)
  ) STRICT;
  CREATE TABLE served (
    model TEXT NOT NULL, version INTEGER NOT NULL, phase TEXT NOT NULL, attempt INTEGER NOT NULL, since TEXT NOT NULL,
    PRIMARY KEY (model, version, phase, attempt)
  ) STRICT;
  PRAGMA user_version = ${schemaVersion};
`;

/**
 * Opens the store, or makes it. It survives kill -9 and loss of power (write-ahead log, fsync at each commit), and
 * several gateways may share the file. Throws a ProblemError where the file is no store, is damaged or of a newer
 * mmsp.
 */
export function openCutStore(path: string): CutStore {
  let database: Database | null = null;
  try {
    database = new Database(path, { create: true, strict: true });
    prepare(database, path);
    return storeOn(database);
  } catch (error) {
    database?.close();
    if (error instanceof SQLiteError) refuse(path, error);
    throw error;
  }
}

function prepare(database: Database, path: string): void {
  database.run(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
  database.run("PRAGMA journal_mode = WAL");
  database.run("PRAGMA synchronous = FULL");
  const check = database.query<{ quick_check: string }, []>("PRAGMA quick_check(1)").get();
  if (check?.quick_check !== "ok") damaged(path, check?.quick_check ?? "no answer");
  // Immediate, so that of two gateways that start at once one makes the tables and the other finds them.
  database
    .transaction(() => {
      const found = database.query<{ user_version: number }, []>("PRAGMA user_version").get()?.user_version ?? 0;
      if (found === 0) database.run(tables);
      if (found > schemaVersion) {
        fail({
          code: "cut-store-newer",
          file: path,
          message: `was written by a newer mmsp (schema ${found}, this one knows ${schemaVersion})`,
          hint: "start the newer mmsp, or give this one a file of its own",
        });
      }
    })
    .immediate();
}

interface CutRow {
  readonly cut: string;
  readonly state: string;
  readonly last_error: string | null;
}

function storeOn(database: Database): CutStore {
  const all = database.query<CutRow, []>("SELECT cut, state, last_error FROM cuts ORDER BY at, rowid");
  const insert = database.query("INSERT OR IGNORE INTO cuts (key, cut, state, at) VALUES ($key, $cut, $state, $at)");
  const update = database.query("UPDATE cuts SET state = $state, last_error = $lastError WHERE key = $key");
  const remove = database.query("DELETE FROM cuts WHERE key = $key");
  const addRollback = database.query("INSERT OR IGNORE INTO stable_rollbacks VALUES ($key, $model, $at)");
  const forget = database.query("DELETE FROM stable_rollbacks WHERE at < $before");
  const rollbacks = database.query<{ at: string }, { model: string; after: string }>(
    "SELECT at FROM stable_rollbacks WHERE model = $model AND at >= $after ORDER BY at",
  );
  const addServed = database.query("INSERT OR IGNORE INTO served VALUES ($model, $version, $phase, $attempt, $now)");
  const served = database.query<{ since: string }, Record<string, string | number>>(
    "SELECT since FROM served WHERE model = $model AND version = $version AND phase = $phase AND attempt = $attempt",
  );

  const put = database.transaction((cut: Cut) => {
    const key = cutKey(cut);
    const state: CutState = { kind: "open" };
    const { changes } = insert.run({ key, cut: JSON.stringify(cut), state: JSON.stringify(state), at: cut.at });
    if (changes > 0 && cut.phase === "stable" && cut.by !== "person")
      addRollback.run({ key, model: cut.model, at: cut.at });
  });
  const end = database.transaction((cut: Cut, at: string) => {
    remove.run({ key: cutKey(cut) });
    forget.run({ before: new Date(Date.parse(at) - dayMs).toISOString() });
  });

  return {
    list: () => all.all().map(readRow),
    put: (cut) => put.immediate(cut),
    setState(cut, state, lastError) {
      update.run({ key: cutKey(cut), state: JSON.stringify(state), lastError });
    },
    end: (cut, at) => end.immediate(cut, at),
    firstServed(model, version, phase, attempt, now) {
      // Attempts count from 1; 0 stands for none, because a null would never be the same key twice.
      const key = { model, version, phase, attempt: attempt ?? 0 };
      const known = served.get(key);
      if (known !== null) return known.since;
      addServed.run({ ...key, now });
      return served.get(key)?.since ?? now;
    },
    stableRollbacks: (model, after) => rollbacks.all({ model, after }).map((row) => row.at),
    close: () => database.close(),
  };
}

function readRow(row: CutRow): StoredCut {
  return {
    cut: JSON.parse(row.cut) as Cut,
    state: JSON.parse(row.state) as CutState,
    lastError: row.last_error,
  };
}

function refuse(path: string, error: SQLiteError): never {
  const { code, message } = error;
  if (code === "SQLITE_NOTADB" || code?.startsWith("SQLITE_CORRUPT") === true) damaged(path, message);
  fail(
    {
      code: "cut-store-unusable",
      file: path,
      message: `cannot be opened as the store of cuts: ${message}`,
      hint: "give a path in a folder that exists and can be written to, on a local disk",
    },
    { cause: error },
  );
}

function damaged(path: string, detail: string): never {
  return fail({
    code: "cut-store-damaged",
    file: path,
    message: `is no store of cuts or is damaged (${detail})`,
    hint: "move it away and start again; an alert that still fires cuts its version anew",
  });
}
