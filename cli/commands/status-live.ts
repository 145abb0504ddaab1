import type { StatusOutput } from "../../schemas/output/status.ts";
import { effective } from "../../schemas/effective.ts";
import { inPromotionOrder, type Tree } from "../../schemas/tree.ts";
import type { Context } from "../context.ts";
import type { Input } from "../flags.ts";
import type { LiveEnvironment } from "../gitops/core/live.ts";
import type { Style } from "../style.ts";
import { renderTable } from "../table.ts";
import { dataDirOf, isRunning, readState, remoteDataDir, type RunningGateway } from "./running-gateway.ts";
import { remoteOf } from "./remote.ts";
import { looksAtGitHub } from "./target.ts";

/** What is looked at; null: all of them. */
interface Asked {
  readonly tree: Tree;
  readonly environment: string | null;
  readonly model: string | null;
}

interface Gateway {
  readonly environment: string;
  readonly address: string;
  /** The `mmsp up` that has started it, where no document names it. */
  readonly startedBy: string | null;
}

type Live = NonNullable<StatusOutput["live"]>[number];

/** What the gateways say, for people and for programs. */
export async function lookLive(
  { tree, environment, model }: Asked,
  input: Input,
  context: Context,
): Promise<{ readonly text: string; readonly json: NonNullable<StatusOutput["live"]> }> {
  const names = [...tree.environments.keys()].filter((name) => (environment ?? name) === name);
  const order = inPromotionOrder(tree);
  const found = await Promise.all(names.map((name) => gatewayOf(name, tree, input, context)));
  const gateways = found.filter((gateway) => gateway !== null).toSorted((a, b) => order(a.environment, b.environment));
  const answers = await Promise.all(gateways.map((one) => context.edges.readLive(one.environment, one.address)));
  const live = answers.map(({ problems, ...answer }): Live => {
    const isAsked = (name: string): boolean => (model ?? name) === name;
    return {
      ...answer,
      models: answer.models.filter((route) => isAsked(route.model)),
      missing: missingOf(tree, answer).filter(isAsked),
      problems: problems.map((problem) => ({ ...problem })),
    };
  });
  const { style } = context;
  const notes = gateways.flatMap(({ startedBy }, at) => {
    const one = live[at];
    return one === undefined ? [] : notesOf(one, startedBy, style);
  });
  return { text: liveTable(live, style) + notes.map((note) => `${note}\n`).join(""), json: live };
}

/** Of one that answers: models that git says are served, and that it does not have. */
function missingOf(
  tree: Tree,
  { environment, models, error }: Pick<LiveEnvironment, "environment" | "models" | "error">,
) {
  if (error !== null) return [];
  return [...(tree.deployments.get(environment) ?? [])]
    .filter(([, deployment]) => effective(deployment).stable !== null)
    .map(([model]) => model)
    .filter((model) => !models.some((route) => route.model === model));
}

/** The one that the environment names, else the one that `mmsp up` has started for what is looked at here. */
async function gatewayOf(environment: string, tree: Tree, input: Input, context: Context): Promise<Gateway | null> {
  const named = tree.environments.get(environment)?.spec.addresses?.gateway;
  if (named !== undefined) return { environment, address: named, startedBy: null };
  const here = runningIn(await dataDirOf(environment, input, context));
  if (here !== null) return { environment, address: here.url, startedBy: "mmsp up" };
  if (looksAtGitHub(input)) return null;
  // It may follow the branch of this very repository instead of the clone.
  const remote = tree.project === null ? null : await remoteOf(input, context);
  const there = remote === null ? null : runningIn(remoteDataDir(environment, remote, context));
  if (remote === null || there === null) return null;
  return { environment, address: there.url, startedBy: `mmsp up --repo ${remote.repository}` };
}

function runningIn(dataDir: string): RunningGateway | null {
  const state = readState(dataDir);
  return state !== null && isRunning(state) ? state : null;
}

function liveTable(live: readonly Live[], style: Style): string {
  if (live.length === 0) return "no environment here names its gateway (addresses.gateway), and mmsp up serves none\n";
  const rows = live.flatMap(({ environment, models, missing }) => [
    ...models.map(({ model, stable, canary, cuts, guard }) => [
      environment,
      model,
      stable === null ? style.red("none") : String(stable),
      canary === null ? "-" : `${canary.version} at ${canary.weight} %`,
      cuts.map(({ version, by, reason }) => style.red(`${version} by ${by}: ${reason}`)).join("; ") || "-",
      guard ?? "-",
    ]),
    ...missing.map((model) => [environment, model, style.red("missing"), "-", "-", "-"]),
  ]);
  const heads = ["LIVE", "MODEL", "STABLE", "CANARY", "CUT", "GUARD"];
  return rows.length === 0 ? "" : renderTable(heads, rows, style);
}

/** Characters of a revision: a commit, or a digest of files. */
const shortRevision = 12;

/** That it gives no answer, or is not well; and what it has read, where it was not named by a document also who it is. */
function notesOf(live: Live, startedBy: string | null, style: Style): readonly string[] {
  const { environment, address, revision, problems, error } = live;
  const note = style.yellow("note:");
  if (error !== null) return [`${note} the gateway of ${environment} at ${address}: ${error}`];
  const [first] = problems;
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  const degraded =
    first === undefined
      ? []
      : [`${note} the gateway of ${environment} is degraded, ${count} (${first.message}): its /status says more`];
  const who = startedBy === null ? address : `the gateway of ${startedBy}, ${address},`;
  return [...degraded, style.dim(`${environment}: ${who} serves revision ${revision?.slice(0, shortRevision) ?? "-"}`)];
}
