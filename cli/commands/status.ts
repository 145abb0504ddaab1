import type { Rejection } from "../../schemas/model-deployment.ts";
import { effective, servedSet } from "../../schemas/rules.ts";
import { readTree, type Tree } from "../../schemas/tree.ts";
import type { Command } from "../command.ts";
import { shared } from "../flags.ts";
import type { Style } from "../style.ts";
import { remoteOf } from "./target.ts";

/** What an environment serves of a model, as git says. */
interface Row {
  readonly environment: string;
  readonly model: string;
  readonly stable: number | null;
  readonly canary: { readonly version: number; readonly weight: number } | null;
  readonly served: readonly number[];
  readonly previous: readonly number[];
  readonly rejected: readonly Rejection[];
  readonly since: string;
  readonly locked: string | null;
}

export const status: Command = {
  summary: "Show what every environment serves, as git says",
  usage: "[NAME] [--env ENV] [--repo OWNER/NAME [--base BRANCH]]",
  flags: {
    name: shared.name,
    env: { ...shared.env, help: "only this environment" },
    repo: shared.repo,
    base: shared.base,
  },
  maxArgs: 1,
  examples: ["mmsp status", "mmsp status fraud --env prod", "mmsp status --repo acme/models --json"],

  async run(input, context) {
    const files = input.text("repo")
      ? (await (await context.edges.openForge(await remoteOf(input, context))).read({ models: null, environments: [] }))
          .files
      : await context.edges.findTree(context.cwd).readAll();
    const { tree, problems } = readTree(files);
    const model = input.args[0] ?? input.text("name");
    const rows = rowsOf(tree).filter(
      (row) =>
        (model === undefined || row.model === model) && (input.text("env") ?? row.environment) === row.environment,
    );
    const warning = problems.length === 0 ? "" : context.style.yellow(`\n${problems.length} problems: mmsp validate\n`);
    const text =
      rows.length === 0
        ? `nothing is served${model === undefined ? "" : ` of ${model}`}\n`
        : table(rows, context.style);
    return { kind: "report", text: text + warning, json: { deployments: rows, problems }, ok: true };
  },
};

function rowsOf(tree: Tree): Row[] {
  return [...tree.deployments]
    .flatMap(([environment, models]) =>
      [...models.values()].map((deployment): Row => {
        const { stable, canary, previous } = effective(deployment);
        const { spec } = deployment;
        return {
          environment,
          model: spec.model,
          stable: stable?.version ?? null,
          canary: canary === null ? null : { version: canary.version, weight: canary.weight },
          served: servedSet(deployment),
          previous,
          rejected: spec.rejected ?? [],
          since: canary?.since ?? spec.stable.since,
          locked: spec.lock?.reason ?? null,
        };
      }),
    )
    .toSorted((a, b) => a.environment.localeCompare(b.environment) || a.model.localeCompare(b.model));
}

function table(rows: readonly Row[], style: Style): string {
  const head = ["ENV", "MODEL", "STABLE", "CANARY", "PREVIOUS", "REJECTED", "SINCE"];
  const cells = rows.map((row) => [
    row.environment,
    row.model,
    row.stable === null ? "none" : String(row.stable),
    row.canary === null ? "-" : `${row.canary.version} at ${row.canary.weight} %`,
    row.previous.join(", ") || "-",
    row.rejected.map((entry) => `${entry.version} by ${entry.by}`).join(", ") || "-",
    row.locked === null ? row.since : `${row.since} locked: ${row.locked}`,
  ]);
  const widths = head.map((title, at) => Math.max(title.length, ...cells.map((row) => row[at]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join("  ")
      .trimEnd();
  return `${[style.bold(line(head)), ...cells.map(line)].join("\n")}\n`;
}
