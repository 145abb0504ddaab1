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
import { timeTeller } from "../times.ts";
import { requireNames } from "./known-names.ts";
import { optionalModelOf, readEverything } from "./target.ts";

export const list: Command = {
  summary: "List the models, or the versions of one",
  usage: "[NAME] [--repo OWNER/NAME [--base BRANCH]]",
  flags: { name: shared.name, ...reading },
  maxArgs: 1,
  examples: ["mmsp list", "mmsp list fraud", "mmsp list fraud --json"],

  async run(input, context) {
    const model = optionalModelOf(input);
    const { files, unreadable } = await readEverything(input, context);
    const { tree, problems } = readTree(files);
    const broken = [...new Set([...unreadable, ...problems].flatMap(({ file }) => file ?? []))].toSorted();
    const { text, json } =
      model === null ? listModels(tree, broken, context) : listVersions(tree, model, broken, context);
    const count = json.unreadable.length === 1 ? "1 document" : `${json.unreadable.length} documents`;
    const note = `\n${context.style.yellow(`${count} cannot be read: see mmsp validate`)}\n`;
    return { kind: "report", text: json.unreadable.length === 0 ? text : text + note, json, ok: true };
  },
};

/** For people, and for programs. */
interface Listed {
  readonly text: string;
  readonly json: ListOutput;
}

type Models = Extract<ListOutput, { kind: "models" }>["models"];
type Versions = Extract<ListOutput, { kind: "versions" }>["versions"];

function listModels(tree: Tree, unreadable: string[], { style }: Context): Listed {
  const names = new Set([...modelsOf(tree), ...unreadable.flatMap((file) => modelOf(file) ?? [])]);
  const models: Models = [...names].toSorted().map((model) => ({
    model,
    versions: [...(tree.versions.get(model)?.keys() ?? [])].toSorted((a, b) => a - b),
    serves: deploymentsOf(tree, model).map(([environment, deployment]) => {
      const { stable, canary } = effective(deployment);
      const trial = canary === null ? null : { version: canary.version, weight: canary.weight };
      return { environment, stable: stable?.version ?? null, canary: trial };
    }),
  }));
  const rows = models.map(({ model, versions, serves }) => [
    model,
    versionCount(model, versions.length, unreadable),
    String(versions.at(-1) ?? "-"),
    [...serves.map(servingOf), ...unreadableIn(model, unreadable)].join(", ") || "-",
  ]);
  const columns = [
    "MODEL",
    { title: "VERSIONS", align: "right" },
    { title: "NEWEST", align: "right" },
    "SERVES",
  ] as const;
  const empty = "no model is registered yet\n  hint: mmsp register NAME --model-path FILE registers the first\n";
  const text = rows.length === 0 ? empty : renderTable(columns, rows, style);
  return { text, json: { kind: "models", models, unreadable } };
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

function listVersions(tree: Tree, model: string, broken: readonly string[], context: Context): Listed {
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
    }));
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
  return { text: renderTable(columns, rows, context.style), json: { kind: "versions", model, versions, unreadable } };
}

/** `prod canary 10 %`, `dev previous`. */
export function placeText({ environment, as, weight }: VersionPlace): string {
  return `${environment} ${as}${weight === null || (as === "stable" && weight === 100) ? "" : ` ${weight} %`}`;
}
