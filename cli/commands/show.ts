import type { ShowOutput } from "../../schemas/output/show.ts";
import { ProblemError } from "../../schemas/problem.ts";
import { readTree } from "../../schemas/read-tree.ts";
import { readSettings, withSettings } from "../../schemas/settings.ts";
import { inPromotionOrder, paths, type Tree } from "../../schemas/tree.ts";
import type { Command } from "../command.ts";
import type { Context } from "../context.ts";
import { reading, UsageError, type Input } from "../flags.ts";
import { placesOf, rejectionsIn, type VersionPlace } from "../gitops/core/catalog.ts";
import { lastServed, stretchesOf, type Period } from "../gitops/core/history.ts";
import { versionProblems } from "../gitops/core/names.ts";
import type { Scope, Snapshot } from "../gitops/core/ports.ts";
import { readHistory } from "../gitops/read-history.ts";
import { toTheSecond } from "../ago.ts";
import { newestFirst, periodJson } from "./history.ts";
import { historyFrom } from "./history-source.ts";
import { showCard } from "./show-card.ts";
import { remoteOf } from "./remote.ts";
import { looksAtGitHub, modelOf } from "./target.ts";

export const show: Command = {
  summary: "Show everything about one version: what is in it, where it serves and served, and why it left",
  usage: "NAME VERSION [--repo OWNER/NAME [--base BRANCH]]",
  details:
    "What the documents say is of the working tree, or with --repo of the branch; where it served, of git's history.",
  flags: { ...reading },
  maxArgs: 2,
  examples: ["mmsp show fraud 3", "mmsp show fraud 3 --json", "mmsp show fraud 3 --repo acme/models"],

  async run(input, context) {
    const model = modelOf(input);
    const [, given] = input.args;
    if (given === undefined) throw new UsageError(`which version of ${model}? mmsp list ${model} has them`);
    const [, digits] = /^v?(\d{1,9})$/i.exec(given) ?? [];
    if (digits === undefined) throw new UsageError(`"${given}" is no version: mmsp list ${model} has them`);
    const version = Number(digits);
    const tree = await readModel(model, version, input, context);
    const document = tree.versions.get(model)?.get(version);
    if (document === undefined) throw new Error(`version ${version} of ${model} was found, and is not there`);
    const { periods, notices } = await pastOf(model, version, input, context);
    const last = periods === null ? null : lastServed(periods, version, context.now().getTime());
    const places = placesOf(tree, model, version);
    const order = inPromotionOrder(tree);
    const stretches = periods === null ? null : newestFirst(stretchesOf(periods), order);
    const json: ShowOutput = {
      model,
      version,
      spec: document.spec,
      store: document.spec.artifact.key === undefined ? null : (tree.project?.spec.artifactStore ?? null),
      stores: document.spec.artifact.key === undefined ? [] : storesOfPlaces(tree, places),
      places: [...places],
      served: periods === null ? null : newestFirst(periods, order).map((period) => periodJson(period)),
      lastServed: last === null ? null : toTheSecond(new Date(last).toISOString()),
      rejected: rejectionsIn(tree, model, version).map((entry) => ({ ...entry })),
      notices: [...notices],
    };
    const before = earlierOf(tree, model, version);
    return { kind: "report", text: showCard(json, before, stretches, context), json, ok: true };
  },
};

/** Of the environments that name the version and have their files in a store of their own. */
function storesOfPlaces({ environments }: Tree, places: readonly VersionPlace[]): ShowOutput["stores"] {
  return [...new Set(places.map(({ environment }) => environment))].flatMap((environment) => {
    const store = environments.get(environment)?.spec.artifactStore;
    return store === undefined ? [] : [{ environment, store }];
  });
}

/** The documents of one model in every environment. Throws a ProblemError where the version is not there, or cannot be read. */
async function readModel(model: string, version: number, input: Input, context: Context): Promise<Tree> {
  const { environmentNames } = await readScope({ models: [], environments: [] }, input, context);
  const snapshot = await readScope({ models: [model], environments: environmentNames }, input, context);
  const { tree, problems } = readTree(snapshot.files);
  const own = [...snapshot.unreadable, ...problems].filter(({ file }) => file === paths.version(model, version));
  if (own.length > 0) throw new ProblemError(own);
  const missing = versionProblems({ ...snapshot, tree, now: "" }, model, version);
  if (missing.length > 0) throw new ProblemError(missing);
  return withSettings(tree, readSettings(context.env));
}

async function readScope(scope: Scope, input: Input, context: Context): Promise<Snapshot> {
  if (!looksAtGitHub(input)) return context.edges.findTree(context.cwd).read(scope);
  return (await context.edges.openForge(await remoteOf(input, context))).read(scope);
}

/** Where there is no git, or only git far away, the card is shown all the same. */
const withoutPast = new Set(["git-missing", "not-a-repository", "revision-unknown", "repository-not-on-github"]);

async function pastOf(
  model: string,
  version: number,
  input: Input,
  context: Context,
): Promise<{ readonly periods: readonly Period[] | null; readonly notices: readonly string[] }> {
  try {
    const { periods, log } = await readHistory(await historyFrom(input, context), { model, environment: null });
    return { periods: periods.filter((period) => period.version === version), notices: log.notices };
  } catch (error) {
    if (!(error instanceof ProblemError) || !error.problems.every(({ code }) => withoutPast.has(code))) throw error;
    return { periods: null, notices: [`where it served is not known: ${error.problems[0]?.message ?? ""}`] };
  }
}

/** The version that was registered before it. */
function earlierOf(tree: Tree, model: string, version: number) {
  const earlier = [...(tree.versions.get(model) ?? [])].filter(([number]) => number < version);
  return earlier.toSorted(([a], [b]) => b - a)[0]?.[1] ?? null;
}
