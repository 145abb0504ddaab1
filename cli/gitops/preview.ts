import { isInRepository, storePath } from "../../schemas/store.ts";
import type { ArtifactChange, Change, Command, Refusal, Skip } from "./core/change.ts";
import { pullOf, saysSame } from "./core/placement.ts";
import type { FileWrite, Forge, Placement, PullRequest, PushedBranch } from "./core/ports.ts";
import { draftCommit, draftProposal, type Draft } from "./draft.ts";
import type { PublishOptions, PublishParts } from "./publish.ts";
import { unifiedDiff } from "./render/diff.ts";

/** What publishing a command would do now. */
export interface Preview {
  readonly kind: "preview";
  readonly change: Change;
  /** Of the files as they are where the commit would go; empty where they say all of it already. */
  readonly diff: string;
  readonly target: PreviewTarget;
}

export type PreviewTarget =
  | { readonly kind: "commit"; readonly branch: string; readonly message: string }
  | {
      readonly kind: "branch";
      readonly branch: string;
      readonly base: string;
      readonly action: PushedBranch["action"];
      readonly title: string;
      readonly body: string;
    }
  | {
      readonly kind: "pull-request";
      readonly branch: string;
      readonly base: string;
      readonly action: PullRequest["action"];
      /** null: of one that would be opened. */
      readonly number: number | null;
      readonly url: string | null;
      readonly title: string;
      readonly body: string;
    };

/** Looks at artifacts without storing them. */
export interface ArtifactReader {
  /** Bytes of one that becomes a file of the repository; its digest has been checked. */
  readonly read: PublishParts["artifacts"]["read"];
  /** Throws unless it is there, and is what its digest says. */
  readonly check: (artifact: ArtifactChange) => Promise<void>;
}

/** The way of `publish`, stopped before anything is written; what `publish` throws on that way, this throws too. */
export async function preview(
  command: Command,
  { baseBranch, as }: PublishOptions,
  { forge, planner, now, artifacts }: Pick<PublishParts, "forge" | "planner" | "now"> & { artifacts: ArtifactReader },
): Promise<Preview | Skip | Refusal> {
  const place = as === "commit" ? draftCommit : draftProposal;
  const draft = await place(command, forge, planner, now().toISOString());
  if (draft.kind !== "draft") return draft;
  const { change, files, edited } = draft;
  const moved = files.length === 0 ? [] : change.artifacts;
  const added = await artifactFiles(moved, artifacts.read);
  for (const artifact of moved) if (!isInRepository(artifact.store)) await artifacts.check(artifact);
  const diff = unifiedDiff(edited, [...files, ...added]);
  return { kind: "preview", change, diff, target: targetOf(draft, baseBranch, forge) };
}

/** The artifacts that are files of the repository, and so become part of the change. */
export async function artifactFiles(
  artifacts: readonly ArtifactChange[],
  read: ArtifactReader["read"],
): Promise<readonly FileWrite[]> {
  const files: FileWrite[] = [];
  for (const artifact of artifacts) {
    const { store, key } = artifact;
    if (isInRepository(store)) files.push({ path: storePath(store, key), content: await read(artifact) });
  }
  return files;
}

/** Where a remote takes branches only. */
export function branchTarget(
  { branch, kind }: Placement,
  base: string,
  files: readonly FileWrite[],
  text: { readonly title: string; readonly body: string },
): PreviewTarget {
  const action = files.length === 0 ? "unchanged" : kind === "open" ? "pushed" : "updated";
  return { kind: "branch", branch, base, action, ...text };
}

function targetOf(draft: Draft, base: string, { proposes }: Forge): PreviewTarget {
  if (draft.placement === null) return { kind: "commit", branch: base, message: draft.message };
  const { placement, title, body } = draft;
  const { branch } = placement;
  const open = pullOf(placement);
  const text = { title, body };
  if (proposes === "branches") return branchTarget(placement, base, draft.files, text);
  if (open === null) return { kind: "pull-request", branch, base, action: "opened", number: null, url: null, ...text };
  const action = draft.files.length === 0 && saysSame(open, text) ? "unchanged" : "updated";
  return { kind: "pull-request", branch, base, action, number: open.number, url: open.url, ...text };
}
