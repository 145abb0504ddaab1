import type { Canary } from "../../schemas/model-deployment.ts";
import { checkDocuments } from "../../schemas/check-documents.ts";
import { effective, passedOver, servedSet } from "../../schemas/effective.ts";
import type { StatusOutput } from "../../schemas/output/status.ts";
import { placeOf, type Tree } from "../../schemas/tree.ts";
import type { Context } from "../context.ts";
import type { Input } from "../flags.ts";
import type { LiveEnvironment } from "../gitops/core/live.ts";
import type { Style } from "../style.ts";
import { renderTable } from "../table.ts";
import { timeTeller } from "../times.ts";
import { requireNames } from "./known-names.ts";
import { optionalModelOf, readDocuments } from "./target.ts";

/** What an environment serves of a model, as git says. */
type Row = StatusOutput["deployments"][number];

/** Where a model is served. */
type Place = StatusOutput["unreadable"][number];

/** One look at the documents: for people, and for programs. */
export interface Look {
  readonly text: string;
  readonly json: StatusOutput;
}

/** What the environments serve now, narrowed to a model or an environment. Throws a ProblemError for a name that is nowhere. */
export async function lookAt(input: Input, context: Context): Promise<Look> {
  const model = optionalModelOf(input);
  const { tree, problems } = checkDocuments(await readDocuments(input, context));
  const environment = input.text("env") ?? null;
  const isAsked = (one: Place): boolean =>
    (model ?? one.model) === one.model && (environment ?? one.environment) === one.environment;
  const rows = rowsOf(tree).filter(isAsked);
  const unreadable = unreadableOf(tree, problems).filter(isAsked);
  const isEmpty = rows.length + unreadable.length === 0;
  if (isEmpty) requireNames({ tree }, { model, environment });
  const live = input.on("live") ? await liveOf(tree, environment, model, context) : null;
  const text = isEmpty ? nothing(model, environment) : table(rows, unreadable, context);
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  const { style } = context;
  const warning = problems.length === 0 ? "" : `\n${style.yellow(`${count}: see mmsp validate`)}\n`;
  return {
    text: text + staleNotes(rows, style) + (live === null ? "" : `\n${liveTable(live, style)}`) + warning,
    json: { deployments: rows, unreadable, problems, ...(live === null ? {} : { live }) },
  };
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
          canary: canary === null ? null : canaryOf(canary),
          served: servedSet(deployment),
          previous,
          rejected: spec.rejected ?? [],
          passedOver: passedOver(deployment),
          since: canary?.since ?? (spec.stable.version === stable?.version ? spec.stable.since : null),
          locked: spec.lock?.reason ?? null,
        };
      }),
    )
    .toSorted(byPlace);
}

/** Models whose document is there, but cannot be read: they are served all the same, by whoever has read it before. */
function unreadableOf(tree: Tree, problems: StatusOutput["problems"]): Place[] {
  return [...new Set(problems.map(({ file = "" }) => file))]
    .flatMap((file): readonly Place[] => {
      const place = placeOf(file);
      if (place?.kind !== "deployment") return [];
      const { environment, model } = place;
      return tree.deployments.get(environment)?.has(model) === true ? [] : [{ environment, model }];
    })
    .toSorted(byPlace);
}

function byPlace(a: Place, b: Place): number {
  return compare(a.environment, b.environment) || compare(a.model, b.model);
}

/** Names are ASCII: no language has another order for them. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function canaryOf({ version, weight, steps }: Canary): Row["canary"] {
  return steps === undefined ? { version, weight } : { version, weight, steps };
}

/** `3 at 5 %, then 25, 50, 100`. */
function canaryCell(canary: Row["canary"]): string {
  if (canary === null) return "-";
  const ahead = canary.steps?.filter((step) => step > canary.weight) ?? [];
  return `${canary.version} at ${canary.weight} %${ahead.length === 0 ? "" : `, then ${ahead.join(", ")}`}`;
}

function table(rows: readonly Row[], unreadable: readonly Place[], context: Context): string {
  const { style } = context;
  const when = timeTeller(context.isTerminal, context.now());
  const unknown = [style.red("unreadable"), "-", "-", "-", "-"];
  const cells = [
    ...rows.map((row) => ({ environment: row.environment, model: row.model, said: versionCells(row, when) })),
    ...unreadable.map((place) => ({ ...place, said: unknown })),
  ]
    .toSorted(byPlace)
    .map(({ environment, model, said }) => [environment, model, ...said]);
  return renderTable(["ENV", "MODEL", "STABLE", "CANARY", "PREVIOUS", "REJECTED", "SINCE"], cells, style);
}

function versionCells(row: Row, when: (time: string) => string): readonly string[] {
  return [
    row.stable === null ? "none" : String(row.stable),
    canaryCell(row.canary),
    row.previous.join(", ") || "-",
    row.rejected.map((entry) => `${entry.version} by ${entry.by}`).join(", ") || "-",
    (row.since === null ? "-" : when(row.since)) + (row.locked === null ? "" : ` locked: ${row.locked}`),
  ];
}

/** Whoever reads the document sees another version there than the one that answers. */
function staleNotes(rows: readonly Row[], style: Style): string {
  const notes = rows.flatMap(({ environment, model, stable, passedOver: named }) => {
    const [first] = named.filter(({ as }) => as === "stable" || as === "canary");
    if (first === undefined || stable === null) return [];
    const said = `the document names version ${first.version} as ${first.as}, which is rejected: version ${stable} serves`;
    const way = `mmsp deploy ${model} --version ${stable} --env ${environment} writes down what is served`;
    return [`${style.yellow("note:")} ${model} in ${environment}: ${said}\n  hint: ${way}\n`];
  });
  return notes.length === 0 ? "" : `\n${notes.join("")}`;
}

/** What the gateways say, of the environments that name one. */
async function liveOf(
  tree: Tree,
  environment: string | null,
  model: string | null,
  context: Context,
): Promise<readonly LiveEnvironment[]> {
  const asked = [...tree.environments].flatMap(([name, { spec }]) => {
    const address = spec.addresses?.gateway;
    return address === undefined || (environment ?? name) !== name ? [] : [{ name, address }];
  });
  const answers = await Promise.all(asked.map(({ name, address }) => context.edges.readLive(name, address)));
  return answers
    .map((answer) => ({ ...answer, models: answer.models.filter((route) => (model ?? route.model) === route.model) }))
    .toSorted((a, b) => a.environment.localeCompare(b.environment));
}

function liveTable(live: readonly LiveEnvironment[], style: Style): string {
  if (live.length === 0) return "no environment here names its gateway (addresses.gateway)\n";
  const rows = live.flatMap(({ environment, models }) =>
    models.map(({ model, stable, canary, cuts, guard }) => [
      environment,
      model,
      stable === null ? style.red("none") : String(stable),
      canary === null ? "-" : `${canary.version} at ${canary.weight} %`,
      cuts.map(({ version, by, reason }) => style.red(`${version} by ${by}: ${reason}`)).join("; ") || "-",
      guard ?? "-",
    ]),
  );
  const silent = live.flatMap(({ environment, address, error }) =>
    error === null ? [] : [`${style.yellow("note:")} the gateway of ${environment} at ${address}: ${error}\n`],
  );
  const heads = ["LIVE", "MODEL", "STABLE", "CANARY", "CUT", "GUARD"];
  return (rows.length === 0 ? "" : renderTable(heads, rows, style)) + silent.join("");
}
