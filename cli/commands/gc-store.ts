import type { GcOutput } from "../../schemas/output/gc.ts";
import { ProblemError } from "../../schemas/problem.ts";
import { readTree } from "../../schemas/read-tree.ts";
import { readSettings, withSettings } from "../../schemas/settings.ts";
import { isInRepository } from "../../schemas/store.ts";
import type { Tree } from "../../schemas/tree.ts";
import type { Context } from "../context.ts";
import type { Input } from "../flags.ts";
import { planStoreGc, storesOf } from "../gitops/core/gc.ts";
import { digestsOfRegistrations } from "../gitops/core/proposals.ts";
import { size } from "../gitops/render/markdown.ts";
import type { Outcome } from "../outcome.ts";
import { renderTable } from "../table.ts";
import { timeTeller, toTheSecond } from "../times.ts";
import { baseBranchOf, remoteOf } from "./target.ts";

interface Window {
  readonly olderThan: string;
  readonly windowMs: number;
}

/** What names files: registries, and registrations that are on their way. */
interface Named {
  readonly trees: readonly Tree[];
  readonly pending: readonly string[];
}

type Stores = Extract<GcOutput, { kind: "store" }>["stores"];

/** Files in stores outside the repository that no registry entry names any more. */
export async function collectStores(input: Input, context: Context, window: Window): Promise<Outcome> {
  const apply = input.on("apply");
  const named = await namesOf(input, context);
  const settings = readSettings(context.env);
  const read = named.trees.map((tree) => withSettings(tree, settings));
  const places = new Set(read.flatMap(storesOf).filter((store) => !isInRepository(store)));
  const stores: Stores = [];
  for (const store of [...places].toSorted()) stores.push(await collectStore(store, named, input, context, window));
  const json: GcOutput = { kind: "store", applied: apply, olderThan: window.olderThan, stores };
  return { kind: "report", text: textOf(stores, apply, context), json, ok: true };
}

async function collectStore(
  store: string,
  named: Named,
  input: Input,
  context: Context,
  { windowMs }: Window,
): Promise<Stores[number]> {
  const files = await context.edges.openStoreFiles(store);
  const all = await files.list();
  const age = { now: context.now().getTime(), windowMs };
  let going = planStoreGc(all, named, age);
  if (input.on("apply") && going.length > 0) {
    // Listing may have taken a while: what has been registered meanwhile stays.
    going = planStoreGc(going, await namesOf(input, context), age);
    await files.remove(going.map(({ key }) => key));
  }
  return {
    store,
    remove: going.map(({ key, sizeBytes, modifiedAt }) => {
      return { key, sizeBytes, modifiedAt: toTheSecond(new Date(modifiedAt).toISOString()) };
    }),
    kept: all.length - going.length,
    bytes: going.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  };
}

async function namesOf(input: Input, context: Context): Promise<Named> {
  if (input.on("local")) return { trees: await localTrees(context), pending: [] };
  const forge = await context.edges.openForge(await remoteOf(input, context));
  const proposals = { branches: [], searches: [], all: true };
  const { files, openPulls } = await forge.read({ models: null, environments: [], proposals });
  return { trees: [treeOf(files)], pending: digestsOfRegistrations(openPulls.flatMap(({ branch }) => branch ?? [])) };
}

/** The working tree may be behind the base branch, or on another: what any of them names stays. */
async function localTrees(context: Context): Promise<readonly Tree[]> {
  const { root, readAll } = context.edges.findTree(context.cwd);
  const files = await readAll();
  const base = await baseBranchOf(context);
  const trees = [treeOf(files)];
  for (const revision of ["HEAD", `refs/heads/${base}`, `refs/remotes/origin/${base}`]) {
    const committed = await context.edges.documentsAt(root, revision, files).catch(unknownRevision);
    if (committed !== null) trees.push(treeOf(committed.files));
  }
  return trees;
}

function unknownRevision(error: unknown): null {
  if (error instanceof ProblemError && error.problems.every(({ code }) => code === "revision-unknown")) return null;
  throw error;
}

/** A document that cannot be read may name any file. */
function treeOf(files: ReadonlyMap<string, string>): Tree {
  const { tree, problems } = readTree(files);
  if (problems.length > 0) throw new ProblemError(problems);
  return tree;
}

function textOf(stores: Stores, apply: boolean, context: Context): string {
  const { style } = context;
  if (stores.length === 0) return "no store is outside the repository\n";
  const when = timeTeller(context.isTerminal, context.now());
  return stores
    .map(({ store, remove, kept, bytes }) => {
      const rows = remove.map(({ key, sizeBytes, modifiedAt }) => [key, size(sizeBytes), when(modifiedAt)]);
      const columns = ["FILE", { title: "SIZE", align: "right" }, "SINCE"] as const;
      const table = rows.length === 0 ? "" : renderTable(columns, rows, style);
      const verb = apply ? `${style.green("✓")} removed` : "would remove";
      const done = remove.length === 0 ? "nothing to remove" : `${verb} ${remove.length} files, ${size(bytes)}`;
      const hint = apply || remove.length === 0 ? "" : `  ${style.dim("nothing was removed: --apply does it")}\n`;
      return `${style.bold(store)}\n${table}${done}; ${kept} stay\n${hint}`;
    })
    .join("\n");
}
