import type { PromoteAllCommand, ChangeSet } from "./core/promote-all.ts";
import type { Refusal, Skip } from "./core/change.ts";
import { pullOf, saysSame } from "./core/placement.ts";
import { isPushed, type Forge, type PullRequest } from "./core/ports.ts";
import { draftSetProposal, type SetPlanner, type SetProposal } from "./draft-set.ts";
import { followHead } from "./follow-head.ts";
import { artifactFiles, branchTarget, type ArtifactReader, type PreviewTarget } from "./preview.ts";
import { onceEach, type PublishParts, type PushedProposal } from "./publish.ts";
import { unifiedDiff } from "./render/diff.ts";
import { isInRepository } from "../../schemas/store.ts";

/** What became of changes that go together. */
export type SetResult =
  | { readonly kind: "published"; readonly set: ChangeSet; readonly pullRequest: PullRequest }
  | { readonly kind: "pushed"; readonly set: ChangeSet; readonly pushed: PushedProposal }
  | Skip
  | Refusal;

export type SetParts = PublishParts & { readonly planner: SetPlanner };

/** As `publish`, of all promotions in one commit and one pull request: read and planned anew when a branch has moved. */
export async function publishSet(command: PromoteAllCommand, base: string, parts: SetParts): Promise<SetResult> {
  const artifactsOf = onceEach(parts);
  let title = "";
  const attempt = async (): Promise<SetResult> => {
    const draft = await draftSetProposal(command, parts.forge, parts.planner, parts.now().toISOString());
    if (draft.kind !== "draft") return draft;
    const { set, placement, snapshot, message, body } = draft;
    ({ title } = set);
    const artifacts = set.changes.flatMap((change) => change.artifacts);
    const files = [...draft.files, ...(await artifactsOf({ files: draft.files, artifacts }))];
    const request = { placement, base, baseHead: snapshot.head, files, message, title, body };
    const proposed = await parts.forge.propose(request);
    if (isPushed(proposed)) return { kind: "pushed", set, pushed: { ...proposed, title, body } };
    return { kind: "published", set, pullRequest: proposed };
  };
  return followHead(() => title, attempt, parts);
}

/** The way of `publishSet`, stopped before anything is written. */
export async function previewSet(
  command: PromoteAllCommand,
  base: string,
  parts: Pick<SetParts, "forge" | "planner" | "now"> & { readonly artifacts: ArtifactReader },
): Promise<
  | { readonly kind: "preview"; readonly set: ChangeSet; readonly diff: string; readonly target: PreviewTarget }
  | Skip
  | Refusal
> {
  const draft = await draftSetProposal(command, parts.forge, parts.planner, parts.now().toISOString());
  if (draft.kind !== "draft") return draft;
  const { set, files, edited } = draft;
  const moved = files.length === 0 ? [] : set.changes.flatMap((change) => change.artifacts);
  for (const artifact of moved) if (!isInRepository(artifact.store)) await parts.artifacts.check(artifact);
  const diff = unifiedDiff(edited, [...files, ...(await artifactFiles(moved, parts.artifacts.read))]);
  return { kind: "preview", set, diff, target: targetOf(draft, base, parts.forge) };
}

function targetOf({ placement, set, body, files }: SetProposal, base: string, { proposes }: Forge): PreviewTarget {
  const { branch } = placement;
  if (proposes === "branches") return branchTarget(placement, base, files, { title: set.title, body });
  const about = { kind: "pull-request", branch, base, title: set.title, body } as const;
  const open = pullOf(placement);
  if (open === null) return { ...about, action: "opened", number: null, url: null };
  const isSame = files.length === 0 && saysSame(open, { title: set.title, body });
  return { ...about, action: isSame ? "unchanged" : "updated", number: open.number, url: open.url };
}
