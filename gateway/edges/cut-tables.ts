import type { Database } from "bun:sqlite";
import { fail } from "../../schemas/problem.ts";

/** Counts changes of the tables below; a file of a newer mmsp is refused, not guessed at. */
const schemaVersion = 2;

const tables = `
  CREATE TABLE cuts (
    key TEXT PRIMARY KEY, environment TEXT NOT NULL, cut TEXT NOT NULL, state TEXT NOT NULL, last_error TEXT, at TEXT NOT NULL
  ) STRICT;
  CREATE TABLE stable_rollbacks (
    key TEXT NOT NULL, environment TEXT NOT NULL, model TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (key, at)
  ) STRICT;
  CREATE TABLE served (
    environment TEXT NOT NULL, model TEXT NOT NULL, version INTEGER NOT NULL, phase TEXT NOT NULL, attempt INTEGER NOT NULL,
    since TEXT NOT NULL, PRIMARY KEY (environment, model, version, phase, attempt)
  ) STRICT;
`;

/**
 * Makes the tables, or brings those of an older mmsp up to date. `environment` is that of the gateway that opens the file.
 * Throws a ProblemError where a newer mmsp has written it.
 */
export function prepareTables(database: Database, path: string, environment: string): void {
  // Immediate, so that of two gateways that start at once one makes the tables and the other finds them.
  database
    .transaction(() => {
      const found = database.query<{ user_version: number }, []>("PRAGMA user_version").get()?.user_version ?? 0;
      if (found === 0) database.run(tables);
      if (found === 1) addEnvironments(database, environment);
      if (found > schemaVersion) {
        fail({
          code: "cut-store-newer",
          file: path,
          message: `was written by a newer mmsp (schema ${found}, this one knows ${schemaVersion})`,
          hint: "start the newer mmsp, or give this one a file of its own",
        });
      }
      database.run(`PRAGMA user_version = ${schemaVersion}`);
    })
    .immediate();
}

/**
 * Version 1 took all that was in the file for one environment's. A cut and its key name theirs; since when versions are served
 * is taken for the opening gateway's, as it would have been before.
 */
function addEnvironments(database: Database, environment: string): void {
  const old = ["cuts", "stable_rollbacks", "served"] as const;
  for (const table of old) database.run(`ALTER TABLE ${table} RENAME TO ${table}_1`);
  database.run(tables);
  database.run(`
    INSERT INTO cuts SELECT key, json_extract(cut, '$.environment'), cut, state, last_error, at FROM cuts_1 ORDER BY rowid;
    INSERT INTO stable_rollbacks SELECT key, substr(key, 1, instr(key, '/') - 1), model, at FROM stable_rollbacks_1;
  `);
  database
    .query("INSERT INTO served SELECT $environment, model, version, phase, attempt, since FROM served_1")
    .run({ environment });
  for (const table of old) database.run(`DROP TABLE ${table}_1`);
}
