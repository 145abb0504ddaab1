import type { GcOutput } from "../../schemas/output/gc.ts";
import { fail, ProblemError } from "../../schemas/problem.ts";
import { readSettings, withSettings } from "../../schemas/settings.ts";
import { isInRepository } from "../../schemas/store.ts";
import type { Tree } from "../../schemas/tree.ts";
import type { Context } from "../context.ts";
import type { Input } from "../flags.ts";
import { planStoreGc, storesOf } from "../gitops/core/gc.ts";
import { openRegistrations, wholeTree } from "../gitops/open-registrations.ts";
import { size } from "../gitops/core/size.ts";
import type { Outcome } from "../outcome.ts";
import { renderTable } from "../table.ts";
import { timeTeller, toTheSecond } from "../ago.ts";
import { baseBranchOf, remoteOf } from "./remote.ts";

interface Window {
  readonly olderThan: string;
  readonly windowMs: number;
}

/** What names files: registries, and registrations that are on their way. */
interface Named {
  readonly trees: readonly Tree[];
  /** Of open branches: whatever stores they speak of, only those that `trees` name are looked into. */
  readonly pending: readonly Tree[];
  /** What could not be looked at. */
  readonly notices: readonly string[];
}

type StoreOutput = Extract<GcOutput, { kind: "store" }>;
type Stores = StoreOutput["stores"];

/** Files in stores outside the repository that no registry entry names any more. */
export async function collectStores(input: Input, context: Context, window: Window): Promise<Outcome> {
  const apply = input.on("apply");
  const named = await namesOf(input, context);
  const settings = readSettings(context.env);
  const read = named.trees.map((tree) => withSettings(tree, settings));
  const places = new Set(read.flatMap(storesOf).filter((store) => !isInRepository(store)));
  if (input.on("local")) for (const store of places) refuseBucket(store);
  const stores: Stores = [];
  for (const store of [...places].toSorted()) stores.push(await collectStore(store, named, input, context, window));
  const json: StoreOutput = {
    kind: "store",
    applied: apply,
    olderThan: window.olderThan,
    stores,
    notices: [...named.notices],
  };
  return { kind: "report", text: textOf(json, context), json, ok: true };
}

/** What is collected by what one clone knows, without network, is not what everybody else uses over it. */
function refuseBucket(store: string): void {
  if (!store.startsWith("s3://")) return;
  const message = `${store} is a bucket, and with --local there is no network`;
  fail({ code: "store-not-local", message, hint: "leave --local out" });
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
  let going = planStoreGc(all, [...named.trees, ...named.pending], age);
  if (input.on("apply") && going.length > 0) {
    // Listing may have taken a while: what has been registered meanwhile stays.
    const { trees, pending } = await namesOf(input, context);
    going = planStoreGc(going, [...trees, ...pending], age);
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
  if (input.on("local")) {
    const notices = ["open registrations were not looked at: that takes the network"];
    return { trees: await localTrees(context), pending: [], notices };
  }
  const forge = await context.edges.openForge(await remoteOf(input, context));
  const proposals = { branches: [], searches: [], all: true };
  const snapshot = await forge.read({ models: null, environments: [], proposals });
  const notices =
    forge.proposes === "branches"
      ? ["of branches that mmsp has not made nobody tells which are open: files that only they name are not kept"]
      : [];
  return { trees: [wholeTree(snapshot)], pending: await openRegistrations(snapshot, forge), notices };
}

/** The working tree may be behind the base branch, or on another: what any of them names stays. */
async function localTrees(context: Context): Promise<readonly Tree[]> {
  const { root, readAll } = context.edges.findTree(context.cwd);
  const files = await readAll();
  const base = await baseBranchOf(context);
  const trees = [wholeTree({ files, unreadable: [] })];
  for (const revision of ["HEAD", `refs/heads/${base}`, `refs/remotes/origin/${base}`]) {
    const committed = await context.edges.documentsAt(root, revision, files).catch(unknownRevision);
    if (committed !== null) trees.push(wholeTree({ files: committed.files, unreadable: [] }));
  }
  return trees;
}

function unknownRevision(error: unknown): null {
  if (error instanceof ProblemError && error.problems.every(({ code }) => code === "revision-unknown")) return null;
  throw error;
}

function textOf({ stores, applied, notices }: StoreOutput, context: Context): string {
  const { style } = context;
  if (stores.length === 0) return "no store is outside the repository\n";
  const notes = notices.map((notice) => `\n${style.yellow("note:")} ${notice}\n`).join("");
  const when = timeTeller(context.isTerminal, context.now());
  const told = stores
    .map(({ store, remove, kept, bytes }) => {
      const rows = remove.map(({ key, sizeBytes, modifiedAt }) => [key, size(sizeBytes), when(modifiedAt)]);
      const columns = ["FILE", { title: "SIZE", align: "right" }, "SINCE"] as const;
      const table = rows.length === 0 ? "" : renderTable(columns, rows, style);
      const verb = applied ? `${style.green("✓")} removed` : "would remove";
      const done = remove.length === 0 ? "nothing to remove" : `${verb} ${remove.length} files, ${size(bytes)}`;
      const hint = applied || remove.length === 0 ? "" : `  ${style.dim("nothing was removed: --apply does it")}\n`;
      return `${style.bold(store)}\n${table}${done}; ${kept} stay\n${hint}`;
    })
    .join("\n");
  return told + notes;
}
