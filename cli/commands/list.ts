import { bytesOf } from "../../schemas/artifact.ts";
import type { ListOutput } from "../../schemas/output/list.ts";
import { effective } from "../../schemas/effective.ts";
import { readTree } from "../../schemas/read-tree.ts";
import type { Tree } from "../../schemas/tree.ts";
import type { Command } from "../command.ts";
import type { Context } from "../context.ts";
import { reading, shared } from "../flags.ts";
import { deploymentsOf, modelsOf, placesOf, type VersionPlace } from "../gitops/core/catalog.ts";
import { size } from "../gitops/core/size.ts";
import { figure } from "../gitops/render/markdown.ts";
import type { Outcome } from "../outcome.ts";
import { renderTable } from "../table.ts";
import { timeTeller } from "../times.ts";
import { requireNames } from "./known-names.ts";
import { optionalModelOf, readDocuments } from "./target.ts";

export const list: Command = {
  summary: "List the models, or the versions of one",
  usage: "[NAME] [--env ENV] [--repo OWNER/NAME [--base BRANCH]]",
  flags: {
    name: shared.name,
    env: { ...shared.env, help: "only what has a place in this environment" },
    ...reading,
  },
  maxArgs: 1,
  examples: ["mmsp list", "mmsp list fraud", "mmsp list --env prod", "mmsp list fraud --json"],

  async run(input, context) {
    const model = optionalModelOf(input);
    const { tree, problems } = readTree(await readDocuments(input, context));
    const environment = input.text("env") ?? null;
    requireNames({ tree }, { model, environment });
    const seen: Seen = { tree: narrowed(tree, environment), environment };
    const outcome = model === null ? listModels(seen, context) : listVersions(seen, model, context);
    if (problems.length === 0 || outcome.kind !== "report") return outcome;
    const files = new Set(problems.map(({ file }) => file)).size;
    const note = `\n${context.style.yellow(`${files} documents cannot be read: see mmsp validate`)}\n`;
    return { ...outcome, text: outcome.text + note };
  },
};

/** What is listed: everything, or what has a place in one environment. */
interface Seen {
  readonly tree: Tree;
  readonly environment: string | null;
}

/** The tree as if there were no other environment. */
function narrowed(tree: Tree, environment: string | null): Tree {
  if (environment === null) return tree;
  return { ...tree, deployments: new Map([...tree.deployments].filter(([name]) => name === environment)) };
}

type Models = Extract<ListOutput, { kind: "models" }>["models"];
type Versions = Extract<ListOutput, { kind: "versions" }>["versions"];

function listModels({ tree, environment }: Seen, { style }: Context): Outcome {
  const models: Models = modelsOf(tree)
    .map((model) => ({
      model,
      versions: [...(tree.versions.get(model)?.keys() ?? [])].toSorted((a, b) => a - b),
      serves: deploymentsOf(tree, model).map(([name, deployment]) => {
        const { stable, canary } = effective(deployment);
        const trial = canary === null ? null : { version: canary.version, weight: canary.weight };
        return { environment: name, stable: stable?.version ?? null, canary: trial };
      }),
    }))
    .filter(({ serves }) => environment === null || serves.length > 0);
  const rows = models.map(({ model, versions, serves }) => [
    model,
    String(versions.length),
    String(versions.at(-1) ?? "-"),
    serves.map(servingOf).join(", ") || "-",
  ]);
  const columns = [
    "MODEL",
    { title: "VERSIONS", align: "right" },
    { title: "NEWEST", align: "right" },
    "SERVES",
  ] as const;
  const empty =
    environment === null
      ? "no model is registered yet\n  hint: mmsp register NAME --model-path FILE registers the first\n"
      : `no model is deployed in ${environment} yet\n  hint: mmsp deploy NAME --version V --env ${environment} deploys one\n`;
  const json: ListOutput = { kind: "models", models };
  return { kind: "report", text: rows.length === 0 ? empty : renderTable(columns, rows, style), json, ok: true };
}

/** `prod 2 + 3 at 10 %`. */
function servingOf({ environment, stable, canary }: Models[number]["serves"][number]): string {
  const trial = canary === null ? "" : ` + ${canary.version} at ${canary.weight} %`;
  return `${environment} ${stable ?? "none"}${trial}`;
}

function listVersions({ tree, environment }: Seen, model: string, context: Context): Outcome {
  const versions: Versions = [...(tree.versions.get(model) ?? [])]
    .toSorted(([a], [b]) => b - a)
    .map(([version, { spec }]) => ({
      version,
      sha256: spec.artifact.sha256,
      sizeBytes: bytesOf(spec.artifact),
      createdAt: spec.provenance.createdAt,
      createdBy: spec.provenance.createdBy ?? null,
      metrics: spec.metrics ?? {},
      places: [...placesOf(tree, model, version)],
    }))
    .filter(({ places }) => environment === null || places.length > 0);
  const when = timeTeller(context.isTerminal, context.now());
  const rows = versions.map((entry) => [
    String(entry.version),
    entry.sha256.slice(0, 12),
    size(entry.sizeBytes),
    when(entry.createdAt),
    Object.entries(entry.metrics)
      .map(([name, value]) => `${name} ${figure(value)}`)
      .join(", ") || "-",
    entry.places.map(placeText).join(", ") || "-",
  ]);
  const columns = ["VERSION", "DIGEST", { title: "SIZE", align: "right" }, "CREATED", "METRICS", "WHERE"] as const;
  const json: ListOutput = { kind: "versions", model, versions };
  const empty = `no version of ${model} has a place in ${environment ?? "any environment"}\n`;
  const text = rows.length === 0 ? empty : renderTable(columns, rows, context.style);
  return { kind: "report", text, json, ok: true };
}

/** `prod canary 10 %`, `dev previous`. */
export function placeText({ environment, as, weight }: VersionPlace): string {
  return `${environment} ${as}${weight === null || (as === "stable" && weight === 100) ? "" : ` ${weight} %`}`;
}
