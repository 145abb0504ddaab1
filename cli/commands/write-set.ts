import type { Context } from "../context.ts";
import type { PromoteAllCommand } from "../gitops/core/promote-all.ts";
import { draftSetOver, type SetPlanner } from "../gitops/draft-set.ts";
import { artifactFiles } from "../gitops/preview.ts";
import { previewSet, publishSet, type SetParts } from "../gitops/publish-set.ts";
import { unifiedDiff } from "../gitops/render/diff.ts";
import { pullRequestBodyTogether } from "../gitops/render/pull-request-together.ts";
import { isInRepository } from "../../schemas/store.ts";
import { UsageError, type Input } from "../flags.ts";
import type { Outcome } from "../outcome.ts";
import { checkFollowable, checkFollowing, concludeTogether } from "./conclude.ts";
import { remoteOf } from "./remote.ts";
import { refuseMixedFlags } from "./target.ts";
import { artifactsOf, plannerFor } from "./write.ts";

function setPlannerFor(context: Context): SetPlanner {
  return { ...plannerFor(context), bodyTogether: pullRequestBodyTogether };
}

/** As `write`, for changes of several models that go together. */
export async function writeSet(command: PromoteAllCommand, input: Input, context: Context): Promise<Outcome> {
  refuseMixedFlags(input);
  if (input.on("auto-merge")) throw new UsageError("--all and --auto-merge exclude each other");
  checkFollowing(input, false);
  if (input.on("local")) return writeSetLocal(command, input, context);
  const remote = await remoteOf(input, context);
  const planner = setPlannerFor(context);
  const forge = await context.edges.openForge(remote);
  checkFollowable(forge, input, remote.repository);
  const artifacts = artifactsOf(new Map(), context, null);
  if (input.on("dry-run")) {
    const parts = { forge, planner, now: context.now, artifacts };
    const result = await previewSet(command, remote.baseBranch, parts);
    if (result.kind !== "preview") return result;
    const { set, diff, target } = result;
    return { kind: "together", set, result: { kind: "dry-run", diff, target } };
  }
  const clock = { now: context.now, random: Math.random, sleep: Bun.sleep };
  const parts: SetParts = { forge, planner, artifacts, ...clock };
  const result = await publishSet(command, remote.baseBranch, parts);
  if (result.kind !== "published" && result.kind !== "pushed") return result;
  return concludeTogether({ kind: "together", set: result.set, result }, { forge, remote }, input, context);
}

async function writeSetLocal(command: PromoteAllCommand, input: Input, context: Context): Promise<Outcome> {
  const tree = context.edges.findTree(context.cwd);
  const environments = command.to === null ? [command.environment] : [command.environment, command.to];
  const snapshot = await tree.read({ models: null, environments });
  const draft = draftSetOver(command, snapshot, setPlannerFor(context), context.now().toISOString());
  if (draft.kind !== "draft") return draft;
  const { set, files, edited } = draft;
  const moved = set.changes.flatMap((change) => change.artifacts);
  const placed = artifactsOf(new Map(), context, tree.root);
  const artifacts = await artifactFiles(moved, placed.read);
  if (input.on("dry-run")) {
    const diff = unifiedDiff(edited, [...files, ...artifacts]);
    return { kind: "together", set, result: { kind: "dry-run", diff, target: { kind: "tree" } } };
  }
  for (const artifact of moved) if (!isInRepository(artifact.store)) await placed.store(artifact);
  return { kind: "together", set, result: { kind: "written", paths: await tree.write([...artifacts, ...files]) } };
}
