import type { Canary } from "../../schemas/model-deployment.ts";
import { effective, passedOver, servedSet, writesDownServed } from "../../schemas/effective.ts";
import type { StatusOutput } from "../../schemas/output/status.ts";
import { ProblemError, type Problem } from "../../schemas/problem.ts";
import { readTree } from "../../schemas/read-tree.ts";
import { inPromotionOrder, paths, placeOf, type DocumentKind, type Tree } from "../../schemas/tree.ts";
import type { Context, Documents } from "../context.ts";
import type { Input } from "../flags.ts";
import type { Style } from "../style.ts";
import { renderTable } from "../table.ts";
import { timeTeller } from "../ago.ts";
import { optionalModelOf, readDocuments, readEverything, validateCommand } from "./target.ts";

/** What an environment serves of a model, as git says. */
type Row = StatusOutput["deployments"][number];

/** Where a model is served. */
type Place = StatusOutput["unreadable"][number];

type ByPlace = (a: Place, b: Place) => number;

/** One look at the documents: for people, and for programs. */
export interface Look {
  readonly text: string;
  readonly json: StatusOutput;
}

/** The registry holds every version that ever was, and whether the documents fit together is for `validate` to say. */
const told: ReadonlySet<DocumentKind> = new Set(["project", "environment", "deployment"]);

/** What the environments serve now, narrowed to a model or an environment. Throws a ProblemError for a name that is nowhere. */
export async function lookAt(input: Input, context: Context): Promise<Look> {
  const model = optionalModelOf(input);
  const documents = await readEverything(input, context, told);
  if (documents.unreadable.length > 0) throw new ProblemError(documents.unreadable);
  const { tree, problems: broken } = readTree(documents.files);
  const problems = [...broken, ...unregistered(tree, documents)];
  const environment = input.text("env") ?? null;
  const isAsked = (one: Place): boolean =>
    (model ?? one.model) === one.model && (environment ?? one.environment) === one.environment;
  const order = inPromotionOrder(tree);
  const byPlace: ByPlace = (a, b) => order(a.environment, b.environment) || compare(a.model, b.model);
  const rows = rowsOf(tree).filter(isAsked).toSorted(byPlace);
  const unreadable = unreadableOf(tree, problems).filter(isAsked).toSorted(byPlace);
  const isEmpty = rows.length + unreadable.length === 0;
  if (isEmpty) {
    const { requireNames } = await import("./known-names.ts");
    requireNames({ tree: readTree(await readDocuments(input, context)).tree }, { model, environment });
  }
  const asked = { tree, environment, model };
  const live = input.on("live") ? await (await import("./status-live.ts")).lookLive(asked, input, context) : null;
  const text = isEmpty ? nothing(model, environment) : table(rows, unreadable, byPlace, context);
  const { style } = context;
  return {
    text:
      text + staleNotes(rows, style) + (live === null ? "" : `\n${live.text}`) + problemNote(problems, input, style),
    json: { deployments: rows, unreadable, problems, ...(live === null ? {} : { live: live.json }) },
  };
}

/** What readers of the documents cannot serve: versions that nobody has registered. A look at names, no document is read for it. */
function unregistered(tree: Tree, { has }: Documents): readonly Problem[] {
  return [...tree.deployments].flatMap(([environment, models]) =>
    [...models.values()].flatMap((deployment) => {
      const { model } = deployment.spec;
      const missing = servedSet(deployment).filter((version) => !has(paths.version(model, version)));
      const hint = "register it, or name a version that is registered; mmsp validate says where it is named";
      return missing.map((version) => {
        const message = `version ${version} of ${model} is not in the registry`;
        return { code: "version-unknown", file: paths.deployment(environment, model), message, hint };
      });
    }),
  );
}

/** The first in words, and where all of them are told. */
function problemNote(problems: readonly Problem[], input: Input, style: Style): string {
  const [first] = problems;
  if (first === undefined) return "";
  const more = problems.length === 1 ? "" : `, and ${problems.length - 1} more`;
  const what = `${first.file ?? ""}: ${first.path === undefined ? "" : `${first.path}: `}${first.message}${more}`;
  return `\n${style.yellow(what)}\n  hint: ${validateCommand(input)} tells every problem\n`;
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
  return [...tree.deployments].flatMap(([environment, models]) =>
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
  );
}

/** Models whose document is there, but cannot be read: they are served all the same, by whoever has read it before. */
function unreadableOf(tree: Tree, problems: StatusOutput["problems"]): Place[] {
  return [...new Set(problems.map(({ file = "" }) => file))].flatMap((file): readonly Place[] => {
    const place = placeOf(file);
    if (place?.kind !== "deployment") return [];
    const { environment, model } = place;
    return tree.deployments.get(environment)?.has(model) === true ? [] : [{ environment, model }];
  });
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

function table(rows: readonly Row[], unreadable: readonly Place[], byPlace: ByPlace, context: Context): string {
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
  const notes = rows.flatMap((row) => {
    const { environment, model, stable, passedOver: named } = row;
    const [first] = named.filter(({ as }) => as === "stable" || as === "canary");
    if (first === undefined) return [];
    const said = `the document names version ${first.version} as ${first.as}, which is rejected: ${servingOf(row)}`;
    const way =
      stable === null
        ? `mmsp deploy ${model} --version V --env ${environment} serves another version`
        : writesDownServed(model, stable, environment);
    return [`${style.yellow("note:")} ${model} in ${environment}: ${said}\n  hint: ${way}\n`];
  });
  return notes.length === 0 ? "" : `\n${notes.join("")}`;
}

function servingOf({ stable, canary }: Row): string {
  if (stable !== null) return `version ${stable} serves`;
  return canary === null ? "nothing serves" : `only the canary serves, version ${canary.version}`;
}
