import { fail } from "../../schemas/problem.ts";
import type { Settings } from "../../schemas/settings.ts";
import { draftGc, type GcDraft } from "./collect.ts";
import type { HistorySource } from "./core/history-port.ts";
import {
  branchesTaken,
  placementNotices,
  placementOf,
  plannedBefore,
  planTrailer,
  suffixed,
  withTrailer,
} from "./core/placement.ts";
import { isPushed, type FileWrite, type Forge, type Placement } from "./core/ports.ts";
import type { PullRequest, RemoteSnapshot } from "./core/ports.ts";
import { followHead, type Pace } from "./follow-head.ts";
import { namesInPulls } from "./pull-names.ts";
import { gcBody, gcMessage, gcTitle } from "./render/gc-text.ts";

/** No model can be called `registry`, so that no other branch of mmsp's has this name or a name below it. */
const gcBranch = "mmsp/gc/registry";

export interface GcParts extends Pace {
  readonly forge: Forge;
  readonly history: HistorySource;
  /** Sizes of files in a commit; see `GcSource`. */
  readonly sizes: (commit: string, paths: readonly string[]) => Promise<ReadonlyMap<string, number>>;
  /** What variables say instead of the files. */
  readonly settings: Settings;
}

export interface GcOptions {
  readonly baseBranch: string;
  readonly windowMs: number;
  /** The window as the command line said it. */
  readonly window: string;
  /** False: only planned. */
  readonly apply: boolean;
}

export interface PublishedGc {
  readonly draft: GcDraft;
  /** null: nothing goes, or nothing was to be written. */
  readonly pullRequest: PullRequest | null;
  /** What whoever asked should know besides, one line each. */
  readonly notices: readonly string[];
}

/**
 * Plans over the base branch, and with `apply` opens the one pull request for it, or brings the open one up to date; from the
 * start again as long as the branch moves (2 min). Throws what the forge throws.
 */
export async function publishGc(options: GcOptions, parts: GcParts): Promise<PublishedGc> {
  return followHead(
    () => "Remove versions that nothing serves",
    async () => {
      const { forge, history, settings } = parts;
      const proposals = { branches: suffixed(gcBranch), searches: [], all: true };
      const snapshot = await forge.read({ models: null, environments: [], proposals });
      const others = snapshot.openPulls.filter(({ branch }) => branch === null || !suffixed(gcBranch).includes(branch));
      const source = {
        files: snapshot.files,
        history,
        settings,
        pulls: (models: ReadonlySet<string>) => namesInPulls(others, models, forge),
        sizes: (paths: readonly string[]) => parts.sizes(snapshot.head, paths),
      };
      const now = parts.now();
      const draft = await draftGc(source, now, options.windowMs);
      if (!options.apply || draft.writes.length === 0) return { draft, pullRequest: null, notices: [] };
      return propose(draft, snapshot, now, options, parts);
    },
    parts,
  );
}

async function propose(
  draft: GcDraft,
  snapshot: RemoteSnapshot,
  now: Date,
  { baseBranch, window }: GcOptions,
  { forge, sizes }: GcParts,
): Promise<PublishedGc> {
  const bytes = bytesOf(draft);
  const plain = gcMessage(draft.remove, bytes);
  const digest = digestOf(draft.writes);
  const placement = placementOf(gcBranch, plain, snapshot.branches) ?? fail(branchesTaken(gcBranch));
  const pullRequest = await forge.propose({
    placement,
    base: baseBranch,
    baseHead: snapshot.head,
    files: await filesFor(placement, draft.writes, digest, sizes),
    message: withTrailer(plain, planTrailer, `${now.toISOString()} ${digest}`),
    title: gcTitle(draft.remove),
    body: gcBody(draft.remove, bytes, window),
  });
  if (isPushed(pullRequest)) throw new Error("a history from GitHub's API beside a forge that is none");
  return { draft, pullRequest, notices: placementNotices(placement) };
}

/** Of an open pull request that holds all of it nothing; where others have committed, what their branch still has. */
async function filesFor(
  placement: Placement,
  writes: readonly FileWrite[],
  digest: string,
  sizes: GcParts["sizes"],
): Promise<readonly FileWrite[]> {
  if (placement.kind === "open") return writes;
  if (placement.kind === "replace") return plannedBefore(placement.state)?.digest === digest ? [] : writes;
  const there = await sizes(
    placement.state.head,
    writes.map(({ path }) => path),
  );
  return writes.filter(({ path }) => there.has(path));
}

/** Bytes of the artifacts that go. */
export function bytesOf({ artifacts }: GcDraft): number {
  return [...artifacts.values()].reduce((sum, size) => sum + size, 0);
}

function digestOf(writes: readonly FileWrite[]): string {
  const paths = writes.map(({ path }) => path).toSorted();
  return new Bun.CryptoHasher("sha256").update(paths.join("\n")).digest("hex").slice(0, 32);
}
