import { bytesOf } from "../../schemas/artifact.ts";
import type { ListOutput } from "../../schemas/output/list.ts";
import { effective } from "../../schemas/effective.ts";
import { readTree } from "../../schemas/read-tree.ts";
import { meantPath, modelOf, placeOf, type Tree } from "../../schemas/tree.ts";
import type { Command } from "../command.ts";
import type { Context } from "../context.ts";
import { reading, shared } from "../flags.ts";
import { deploymentsOf, modelsOf, placesOf, type VersionPlace } from "../gitops/core/catalog.ts";
import { size } from "../gitops/core/size.ts";
import { figure } from "../gitops/render/markdown.ts";
import { renderTable } from "../table.ts";
import { timeTeller } from "../ago.ts";
import { requireNames } from "./known-names.ts";
import { optionalModelOf, readEverything, validateCommand } from "./target.ts";

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
    const { files, unreadable } = await readEverything(input, context);
    const { tree, problems } = readTree(files);
    const environment = input.text("env") ?? null;
    const broken = [...new Set([...unreadable, ...problems].flatMap(({ file }) => file ?? []))].toSorted();
    if (environment !== null) requireNames({ tree }, { model: null, environment });
    const seen: Seen = { tree: narrowed(tree, environment), environment, broken: brokenIn(environment, broken) };
    const { text, json } = model === null ? listModels(seen, context) : listVersions(seen, model, context);
    const count = json.unreadable.length === 1 ? "1 document" : `${json.unreadable.length} documents`;
    const note = `\n${context.style.yellow(`${count} cannot be read: see ${validateCommand(input)}`)}\n`;
    return { kind: "report", text: json.unreadable.length === 0 ? text : text + note, json, ok: true };
  },
};

/** What is listed: everything, or what has a place in one environment. */
interface Seen {
  readonly tree: Tree;
  readonly environment: string | null;
  /** Paths of documents that cannot be read. */
  readonly broken: readonly string[];
}

/** The tree as if there were no other environment. */
function narrowed(tree: Tree, environment: string | null): Tree {
  if (environment === null) return tree;
  return { ...tree, deployments: new Map([...tree.deployments].filter(([name]) => name === environment)) };
}

/** The same of what cannot be read: the registry is everybody's. */
function brokenIn(environment: string | null, broken: readonly string[]): readonly string[] {
  if (environment === null) return broken;
  return broken.filter((file) => {
    const place = placeOf(meantPath(file));
    return place?.kind !== "deployment" || place.environment === environment;
  });
}

/** For people, and for programs. */
interface Listed {
  readonly text: string;
  readonly json: ListOutput;
}

type Models = Extract<ListOutput, { kind: "models" }>["models"];
type Versions = Extract<ListOutput, { kind: "versions" }>["versions"];

function listModels({ tree, environment, broken }: Seen, { style }: Context): Listed {
  const names = new Set([...modelsOf(tree), ...broken.flatMap((file) => modelOf(file) ?? [])]);
  const models: Models = [...names]
    .toSorted()
    .map((model) => ({
      model,
      versions: [...(tree.versions.get(model)?.keys() ?? [])].toSorted((a, b) => a - b),
      serves: deploymentsOf(tree, model).map(([name, deployment]) => {
        const { stable, canary } = effective(deployment);
        const trial = canary === null ? null : { version: canary.version, weight: canary.weight };
        return { environment: name, stable: stable?.version ?? null, canary: trial };
      }),
    }))
    .filter(({ model, serves }) => environment === null || serves.length > 0 || unreadableIn(model, broken).length > 0);
  const rows = models.map(({ model, versions, serves }) => [
    model,
    versionCount(model, versions.length, broken),
    String(versions.at(-1) ?? "-"),
    [...serves.map(servingOf), ...unreadableIn(model, broken)].join(", ") || "-",
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
  const text = rows.length === 0 ? empty : renderTable(columns, rows, style);
  return { text, json: { kind: "models", models, unreadable: [...broken] } };
}

/** `2`, or `2 + 1 unreadable`. */
function versionCount(model: string, count: number, unreadable: readonly string[]): string {
  const places = unreadable.map((file) => placeOf(meantPath(file)));
  const broken = places.filter((place) => place?.kind === "version" && place.model === model).length;
  return broken === 0 ? String(count) : `${count} + ${broken} unreadable`;
}

/** The environments whose deployment of the model cannot be read, as status has them. */
function unreadableIn(model: string, unreadable: readonly string[]): readonly string[] {
  return unreadable
    .map((file) => placeOf(meantPath(file)))
    .flatMap((place) => {
      return place?.kind === "deployment" && place.model === model ? [`${place.environment} unreadable`] : [];
    });
}

/** `prod 2 + 3 at 10 %`. */
function servingOf({ environment, stable, canary }: Models[number]["serves"][number]): string {
  const trial = canary === null ? "" : ` + ${canary.version} at ${canary.weight} %`;
  return `${environment} ${stable ?? "none"}${trial}`;
}

function listVersions({ tree, environment, broken }: Seen, model: string, context: Context): Listed {
  const unreadable = broken.filter((file) => modelOf(file) === model);
  if (unreadable.length === 0) requireNames({ tree }, { model, environment: null });
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
  const empty = `no version of ${model} has a place in ${environment ?? "any environment"}\n`;
  const text = rows.length === 0 ? empty : renderTable(columns, rows, context.style);
  return { text, json: { kind: "versions", model, versions, unreadable } };
}

/** `prod canary 10 %`, `dev previous`. */
export function placeText({ environment, as, weight }: VersionPlace): string {
  return `${environment} ${as}${weight === null || (as === "stable" && weight === 100) ? "" : ` ${weight} %`}`;
}
