import { effective, servedSet } from "../../schemas/effective.ts";
import type { StatusOutput } from "../../schemas/output/status.ts";
import { ProblemError } from "../../schemas/problem.ts";
import { checkDocuments } from "../../schemas/check-documents.ts";
import type { Tree } from "../../schemas/tree.ts";
import type { Command } from "../command.ts";
import { reading, shared } from "../flags.ts";
import { environmentProblems, modelProblems } from "../gitops/core/names.ts";
import type { Style } from "../style.ts";
import { readDocuments } from "./target.ts";

/** What an environment serves of a model, as git says. */
type Row = StatusOutput["deployments"][number];

export const status: Command = {
  summary: "Show what every environment serves, as git says",
  usage: "[NAME] [--env ENV] [--repo OWNER/NAME [--base BRANCH]]",
  flags: {
    name: shared.name,
    env: { ...shared.env, help: "only this environment" },
    ...reading,
  },
  maxArgs: 1,
  examples: ["mmsp status", "mmsp status fraud --env prod", "mmsp status --repo acme/models --json"],

  async run(input, context) {
    const { tree, problems } = checkDocuments(await readDocuments(input, context));
    const model = input.args[0] ?? input.text("name") ?? null;
    const environment = input.text("env") ?? null;
    const rows = rowsOf(tree).filter(
      (row) => (model ?? row.model) === row.model && (environment ?? row.environment) === row.environment,
    );
    if (rows.length === 0) mustExist(tree, model, environment);
    const text = rows.length === 0 ? nothing(model, environment) : table(rows, context.style);
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    const warning = problems.length === 0 ? "" : `\n${context.style.yellow(`${count}: see mmsp validate`)}\n`;
    const json: StatusOutput = { deployments: rows, problems };
    return { kind: "report", text: text + warning, json, ok: true };
  },
};

/** A name that is nowhere is a slip of the pen, and no answer is worse than none. */
function mustExist(tree: Tree, model: string | null, environment: string | null): void {
  const state = { tree, environmentNames: [], modelNames: [], proposals: [], now: "" };
  const problems = [
    ...(environment === null ? [] : environmentProblems(state, environment)),
    ...(model === null ? [] : modelProblems(state, model)),
  ];
  if (problems.length > 0) throw new ProblemError(problems);
}

function nothing(model: string | null, environment: string | null): string {
  const what = model === null ? "nothing is served" : `${model} is served nowhere`;
  const where =
    environment === null
      ? what
      : model === null
        ? `${what} in ${environment}`
        : `${model} is not served in ${environment}`;
  const version = model === null ? "a version" : "one of its versions";
  return `${where} yet\n  hint: mmsp deploy ${model ?? "NAME"} --version V --env ${environment ?? "ENV"} serves ${version}\n`;
}

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
    .toSorted((a, b) => compare(a.environment, b.environment) || compare(a.model, b.model));
}

/** Names are ASCII: no language has another order for them. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function toTheSecond(time: string): string {
  return time.replace(/\.\d+Z$/, "Z");
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
    row.locked === null ? toTheSecond(row.since) : `${toTheSecond(row.since)} locked: ${row.locked}`,
  ]);
  const widths = head.map((title, at) => Math.max(title.length, ...cells.map((row) => row[at]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join("  ")
      .trimEnd();
  return `${[style.bold(line(head)), ...cells.map(line)].join("\n")}\n`;
}
