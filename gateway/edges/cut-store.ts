import { Database, SQLiteError } from "bun:sqlite";
import { cutKey, type Cut } from "../../schemas/cut.ts";
import { fail } from "../../schemas/problem.ts";
import type { CutState, CutStore, StoredCut } from "../core/ports.ts";
import { prepareTables } from "./cut-tables.ts";

/** Calls are synchronous: while another gateway writes, this one's requests wait too, so not for long. */
const busyTimeoutMs = 1000;

const dayMs = 86_400_000;

/**
 * Opens the store of one environment, or makes it. Gateways of other environments may keep theirs in the same file: what is
 * theirs is neither seen nor changed. It survives kill -9 and loss of power (write-ahead log, fsync at each commit), and
 * several gateways may share the file. Throws a ProblemError where the file is no store, is damaged or of a newer
 * mmsp.
 */
export function openCutStore(path: string, environment: string): CutStore {
  let database: Database | null = null;
  try {
    database = new Database(path, { create: true, strict: true });
    prepare(database, path, environment);
    return storeOn(database, environment);
  } catch (error) {
    database?.close();
    if (error instanceof SQLiteError) refuse(path, error);
    throw error;
  }
}

function prepare(database: Database, path: string, environment: string): void {
  database.run(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
  database.run("PRAGMA journal_mode = WAL");
  database.run("PRAGMA synchronous = FULL");
  const check = database.query<{ quick_check: string }, []>("PRAGMA quick_check(1)").get();
  if (check?.quick_check !== "ok") damaged(path, check?.quick_check ?? "no answer");
  prepareTables(database, path, environment);
}

interface CutRow {
  readonly cut: string;
  readonly state: string;
  readonly last_error: string | null;
}

function storeOn(database: Database, environment: string): CutStore {
  const all = database.query<CutRow, { environment: string }>(
    "SELECT cut, state, last_error FROM cuts WHERE environment = $environment ORDER BY at, rowid",
  );
  const insert = database.query("INSERT OR IGNORE INTO cuts VALUES ($key, $environment, $cut, $state, NULL, $at)");
  const update = database.query("UPDATE cuts SET state = $state, last_error = $lastError WHERE key = $key");
  const remove = database.query("DELETE FROM cuts WHERE key = $key");
  const addRollback = database.query("INSERT OR IGNORE INTO stable_rollbacks VALUES ($key, $environment, $model, $at)");
  const forget = database.query("DELETE FROM stable_rollbacks WHERE at < $before");
  const rollbacks = database.query<{ at: string }, { environment: string; model: string; after: string }>(
    "SELECT at FROM stable_rollbacks WHERE environment = $environment AND model = $model AND at >= $after ORDER BY at",
  );
  const addServed = database.query(
    "INSERT OR IGNORE INTO served VALUES ($environment, $model, $version, $phase, $attempt, $now)",
  );
  const served = database.query<{ since: string }, Record<string, string | number>>(
    `SELECT since FROM served
     WHERE environment = $environment AND model = $model AND version = $version AND phase = $phase AND attempt = $attempt`,
  );

  const put = database.transaction((cut: Cut) => {
    const key = cutKey(cut);
    const state: CutState = { kind: "open" };
    const { environment, model, at } = cut;
    const { changes } = insert.run({ key, environment, cut: JSON.stringify(cut), state: JSON.stringify(state), at });
    if (changes > 0 && cut.phase === "stable" && cut.by !== "person") addRollback.run({ key, environment, model, at });
  });
  const end = database.transaction((cut: Cut, at: string) => {
    remove.run({ key: cutKey(cut) });
    forget.run({ before: new Date(Date.parse(at) - dayMs).toISOString() });
  });

  return {
    list: () => all.all({ environment }).map(readRow),
    put: (cut) => put.immediate(cut),
    setState(cut, state, lastError) {
      update.run({ key: cutKey(cut), state: JSON.stringify(state), lastError });
    },
    end: (cut, at) => end.immediate(cut, at),
    firstServed(model, version, phase, attempt, now) {
      // Attempts count from 1; 0 stands for none, because a null would never be the same key twice.
      const key = { environment, model, version, phase, attempt: attempt ?? 0 };
      const known = served.get(key);
      if (known !== null) return known.since;
      addServed.run({ ...key, now });
      return served.get(key)?.since ?? now;
    },
    stableRollbacks: (model, after) => rollbacks.all({ environment, model, after }).map((row) => row.at),
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
