import type { StatusOutput } from "../../schemas/output/status.ts";
import { inPromotionOrder, type Tree } from "../../schemas/tree.ts";
import type { Context } from "../context.ts";
import type { Input } from "../flags.ts";
import type { LiveEnvironment } from "../gitops/core/live.ts";
import type { Style } from "../style.ts";
import { renderTable } from "../table.ts";
import { dataDirOf, isRunning, readState } from "./running-gateway.ts";

/** What is looked at; null: all of them. */
interface Asked {
  readonly tree: Tree;
  readonly environment: string | null;
  readonly model: string | null;
}

interface Gateway {
  readonly environment: string;
  readonly address: string;
  /** Started by `mmsp up`, and named by no document. */
  readonly isLocal: boolean;
}

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
  const live = answers.map((answer) => ({
    ...answer,
    models: answer.models.filter((route) => (model ?? route.model) === route.model),
  }));
  const { style } = context;
  const local = gateways.filter(({ isLocal }) => isLocal);
  const notes = local.map(({ environment: name, address }) => `${name}: the gateway of mmsp up, ${address}`);
  return { text: liveTable(live, style) + notes.map((note) => `${style.dim(note)}\n`).join(""), json: live };
}

/** The one that the environment names, else the one that `mmsp up` has started for what is looked at here. */
async function gatewayOf(environment: string, tree: Tree, input: Input, context: Context): Promise<Gateway | null> {
  const named = tree.environments.get(environment)?.spec.addresses?.gateway;
  if (named !== undefined) return { environment, address: named, isLocal: false };
  const running = readState(await dataDirOf(environment, input, context));
  return running !== null && isRunning(running) ? { environment, address: running.url, isLocal: true } : null;
}

function liveTable(live: readonly LiveEnvironment[], style: Style): string {
  if (live.length === 0) return "no environment here names its gateway (addresses.gateway), and mmsp up serves none\n";
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
