import { bytesOf as artifactBytes } from "../../schemas/artifact.ts";
import type { GcOutput } from "../../schemas/output/gc.ts";
import { readSettings } from "../../schemas/settings.ts";
import type { Command } from "../command.ts";
import type { Context } from "../context.ts";
import { shared, UsageError, type Input } from "../flags.ts";
import { draftGc, type GcDraft } from "../gitops/collect.ts";
import type { PullRequest } from "../gitops/core/ports.ts";
import { bytesOf, publishGc } from "../gitops/publish-gc.ts";
import { lastServedText } from "../gitops/render/gc-text.ts";
import { size } from "../gitops/core/size.ts";
import type { Outcome } from "../outcome.ts";
import { renderTable } from "../table.ts";
import { toTheSecond } from "../ago.ts";
import { durationFlag } from "../times.ts";
import { historyFrom } from "./history-source.ts";
import { remoteOf } from "./remote.ts";
import { refuseMixedFlags } from "./target.ts";

export const gc: Command = {
  summary: "Remove versions that nothing serves, and artifacts that nothing names; only tells unless --apply is given",
  usage: "[--older-than 30d] [--apply] [--local] [--store]",
  details:
    "A version goes when no environment names it (as stable, canary, shadow, previous or rejected), no open pull request\n" +
    "does, it is not the newest of its model, and it has neither served nor come within the time of --older-than.\n" +
    "--apply opens a pull request, or with --local edits the tree: registry entries go, and with them their artifacts in\n" +
    "stores inside the repository, unless another version has the same file. In stores outside (file://, s3://) files\n" +
    "stay until that is merged: --store then removes those that no registry entry names, on the base branch or on an open\n" +
    "one. A store belongs to one repository.",
  flags: {
    "older-than": { type: "string", value: "TIME", help: "keep what served or came within TIME; default 30d" },
    apply: { type: "boolean", help: "do it; without this flag nothing is written" },
    "dry-run": { type: "boolean", help: "write nothing, as without --apply" },
    store: { type: "boolean", help: "files in stores outside the repository, instead of versions" },
    local: {
      ...shared.local,
      help: "the working tree and the clone's history: no commit, no network, so no store in a bucket",
    },
    repo: shared.repo,
    base: shared.base,
  },
  maxArgs: 0,
  examples: ["mmsp gc", "mmsp gc --older-than 90d --apply", "mmsp gc --store --apply", "mmsp gc --local --json"],

  async run(input, context) {
    const olderThan = input.text("older-than") ?? "30d";
    const windowMs = durationFlag("older-than", olderThan);
    refuseMixedFlags(input);
    if (input.on("apply") && input.on("dry-run")) throw new UsageError("--apply and --dry-run exclude each other");
    if (input.on("store")) {
      const { collectStores } = await import("./gc-store.ts");
      return collectStores(input, context, { olderThan, windowMs });
    }
    return input.on("local")
      ? collectLocal(input, context, olderThan, windowMs)
      : collect(input, context, olderThan, windowMs);
  },
};

async function collect(input: Input, context: Context, window: string, windowMs: number): Promise<Outcome> {
  const remote = await remoteOf(input, context);
  const { edges, now } = context;
  const [forge, history] = await Promise.all([edges.openForge(remote), edges.openHistory(remote)]);
  const sizes = (commit: string, paths: readonly string[]) => edges.fileSizes({ remote, commit }, paths);
  const settings = readSettings(context.env);
  const parts = { forge, history, sizes, settings, now, random: Math.random, sleep: Bun.sleep };
  const apply = input.on("apply");
  const published = await publishGc({ baseBranch: remote.baseBranch, windowMs, window, apply }, parts);
  return outcomeOf({ ...published, window, apply, paths: null }, context);
}

async function collectLocal(input: Input, context: Context, window: string, windowMs: number): Promise<Outcome> {
  const { edges } = context;
  const tree = edges.findTree(context.cwd);
  const source = {
    files: await tree.readAll(),
    history: await historyFrom(input, context),
    settings: readSettings(context.env),
    pulls: async () => [],
    sizes: (paths: readonly string[]) => edges.fileSizes({ root: tree.root }, paths),
  };
  const draft = await draftGc(source, context.now(), windowMs);
  const apply = input.on("apply");
  const paths = apply ? await tree.write(draft.writes) : null;
  const notices = ["open pull requests were not looked at: that takes the network"];
  return outcomeOf({ draft, window, apply, paths, pullRequest: null, notices }, context);
}

interface Collected {
  readonly draft: GcDraft;
  readonly window: string;
  readonly apply: boolean;
  readonly paths: readonly string[] | null;
  readonly pullRequest: PullRequest | null;
  readonly notices: readonly string[];
}

function outcomeOf(collected: Collected, context: Context): Outcome {
  const { draft, window, apply, paths, pullRequest, notices } = collected;
  const json: GcOutput = {
    kind: "registry",
    applied: apply && draft.remove.length > 0,
    olderThan: window,
    remove: draft.remove.map(({ document: { spec }, lastServed, outside }) => ({
      model: spec.model,
      version: spec.version,
      sha256: spec.artifact.sha256,
      sizeBytes: artifactBytes(spec.artifact),
      lastServed: lastServed === null ? null : toTheSecond(new Date(lastServed).toISOString()),
      outside: [...outside],
    })),
    keep: draft.keep.map((kept) => ({ ...kept })),
    artifacts: [...draft.artifacts].map(([path, sizeBytes]) => ({ path, sizeBytes })),
    bytes: bytesOf(draft),
    paths: paths === null ? null : [...paths],
    pullRequest,
    notices: [...notices],
  };
  return { kind: "report", text: textOf(collected, context), json, ok: true };
}

function textOf({ draft, window, apply, paths, pullRequest, notices }: Collected, { style }: Context): string {
  // Sizes are of what goes: where nothing does, there is no column of them.
  const unsized = draft.remove.length === 0 ? [] : [""];
  const rows = [
    ...draft.remove.map((removal) => {
      const { model, version, artifact } = removal.document.spec;
      return [model, String(version), style.red("remove"), size(artifactBytes(artifact)), lastServedText(removal)];
    }),
    ...draft.keep.map(({ model, version, reason }) => [model, String(version), "keep", ...unsized, reason]),
  ].toSorted(([a = "", left], [b = "", right]) => a.localeCompare(b) || Number(left) - Number(right));
  const sizes = unsized.map(() => ({ title: "SIZE", align: "right" }) as const);
  const columns = ["MODEL", "VERSION", "WHAT", ...sizes, "WHY"];
  const table = rows.length === 0 ? "no version is registered\n" : renderTable(columns, rows, style);
  const notes = notices.map((notice) => `${style.yellow("note:")} ${notice}\n`).join("");
  return `${table}\n${summaryOf({ draft, window, apply, paths, pullRequest }, style)}\n${notes}`;
}

function summaryOf(
  { draft, window, apply, paths, pullRequest }: Omit<Collected, "notices">,
  style: Context["style"],
): string {
  const count = draft.remove.length;
  if (count === 0) return `nothing to remove: everything is named, or served or came within ${window}`;
  const versions = count === 1 ? "1 version" : `${count} versions`;
  const outside = draft.remove.some((removal) => removal.outside.length > 0);
  const later = outside ? "; files outside the repository stay until gc --store" : "";
  const freed = `${versions}, ${size(bytesOf(draft))} of artifacts in the repository${later}`;
  if (!apply) return `would remove ${freed}\n  ${style.dim("nothing was written: --apply does it")}`;
  if (pullRequest === null)
    return `${style.green("✓")} removed ${freed}\n  ${paths?.length ?? 0} files of the working tree`;
  const { number, action, url } = pullRequest;
  return `${style.green("✓")} remove ${freed}\n  pull request #${number} ${action}: ${style.cyan(url)}`;
}
