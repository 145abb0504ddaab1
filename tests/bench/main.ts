/**
 * `bun run bench [--json] [--only NAME,...] [--rounds N]`: the figures, as ratios of two things measured in one run. It
 * informs: a figure that misses its goal does not fail it.
 */
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { alertToCommit } from "./alert-to-commit.ts";
import { alertToCut } from "./alert-to-cut.ts";
import { commandLine } from "./cli.ts";
import { embedded } from "./embedded.ts";
import { fastapi } from "./fastapi.ts";
import { githubCalls } from "./github-calls.ts";
import { goals, isRowName, type RowName } from "./goals.ts";
import { grpc } from "./grpc.ts";
import type { Family, Figure, Settings } from "./harness/figure.ts";
import { proxy } from "./proxy.ts";
import { record } from "./record.ts";
import { scrape } from "./scrape.ts";
import { validation } from "./validate.ts";
import { renderJson, renderTable } from "./harness/table.ts";

const families: readonly Family[] = [
  proxy,
  embedded,
  fastapi,
  grpc,
  record,
  scrape,
  commandLine,
  validation,
  githubCalls,
  alertToCut,
  alertToCommit,
];
const fewestRounds = 5;

interface Options {
  readonly json: boolean;
  readonly only: readonly RowName[];
  readonly rounds: number;
}

const all = Object.keys(goals).filter(isRowName);

const help = `Usage: bun run bench [--json] [--rounds N] [--only FIGURE,FIGURE...]

Measures on this machine and prints ratios of two things measured in the same run; the medians of N rounds (${fewestRounds}).
Figures: ${all.join(", ")}
`;

/** Throws an Error with a sentence for people on anything that is not an option. */
function readOptions(args: readonly string[]): Options | "help" {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: "boolean" },
      only: { type: "string" },
      rounds: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help === true) return "help";
  const asked = values.only?.split(",").map((name) => name.trim());
  const unknown = asked?.filter((name) => !isRowName(name)) ?? [];
  if (unknown.length > 0) throw new Error(`no figure is called ${unknown.join(", ")}; there are ${all.join(", ")}`);
  const rounds = Number(values.rounds ?? fewestRounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds takes a whole number, not ${values.rounds}`);
  return {
    json: values.json ?? false,
    only: asked === undefined ? all : all.filter((name) => asked.includes(name)),
    rounds,
  };
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === "help") {
    process.stdout.write(help);
    return;
  }
  const { json, only, rounds } = options;
  const scratch = realpathSync(mkdtempSync(join(tmpdir(), "mmsp-bench-")));
  const say = (line: string): void => void process.stderr.write(`bench: ${line}\n`);
  const settings: Settings = { rounds, scratch, wants: (name) => only.includes(name), say };
  const figures = new Map<RowName, Figure>();
  try {
    for (const family of families.filter(({ rows }) => rows.some(settings.wants))) {
      for (const [name, figure] of Object.entries(await measured(family, settings))) {
        if (isRowName(name)) figures.set(name, figure);
      }
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  const report = only.map((name) => [name, figures.get(name) ?? { absent: "was not measured" }] as const);
  process.stdout.write(json ? renderJson(report) : renderTable(report));
}

/** What cannot be measured here must not keep the other figures from people. */
async function measured(family: Family, settings: Settings): Promise<Partial<Record<RowName, Figure>>> {
  try {
    return await family.measure(settings);
  } catch (error) {
    const absent = `failed: ${error instanceof Error ? error.message : String(error)}`;
    settings.say(absent);
    return Object.fromEntries(family.rows.map((name) => [name, { absent }]));
  }
}

try {
  await main();
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
