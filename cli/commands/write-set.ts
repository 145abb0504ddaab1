import type { Context } from "../context.ts";
import type { ArtifactChange } from "../gitops/core/change.ts";
import type { PromoteAllCommand } from "../gitops/core/promote-all.ts";
import { draftSetOver, type SetPlanner } from "../gitops/draft-set.ts";
import { artifactFiles } from "../gitops/preview.ts";
import { previewSet, publishSet, type SetParts } from "../gitops/publish-set.ts";
import { unifiedDiff } from "../gitops/render/diff.ts";
import { pullRequestBodyTogether } from "../gitops/render/pull-request-together.ts";
import type { Input } from "../flags.ts";
import type { Outcome } from "../outcome.ts";
import { remoteOf } from "./target.ts";
import { bytesOf, planner, refuseMixedFlags, storeArtifacts } from "./write.ts";

const setPlanner: SetPlanner = { ...planner, bodyTogether: pullRequestBodyTogether };

/** As `write`, for changes of several models that go together. */
export async function writeSet(command: PromoteAllCommand, input: Input, context: Context): Promise<Outcome> {
  refuseMixedFlags(input);
  if (input.on("local")) return writeSetLocal(command, input, context);
  const remote = await remoteOf(input, context);
  const forge = await context.edges.openForge(remote);
  const readArtifact = (artifact: ArtifactChange) => bytesOf(artifact, new Map(), context, null);
  if (input.on("dry-run")) {
    const { now } = context;
    const result = await previewSet(command, remote.baseBranch, { forge, planner: setPlanner, now, readArtifact });
    if (result.kind !== "preview") return result;
    const { set, diff, target } = result;
    return { kind: "together", set, result: { kind: "dry-run", diff, target } };
  }
  const artifacts = {
    read: readArtifact,
    store: async (artifact: ArtifactChange) =>
      context.edges.openStore(artifact.store, null).write(artifact.key, await readArtifact(artifact)),
  };
  const clock = { now: context.now, random: Math.random, sleep: Bun.sleep };
  const parts: SetParts = { forge, planner: setPlanner, artifacts, ...clock };
  const result = await publishSet(command, remote.baseBranch, parts);
  if (result.kind === "pushed") return { kind: "together", set: result.set, result };
  if (result.kind !== "published") return result;
  return { kind: "together", set: result.set, result: { kind: "published", pullRequest: result.pullRequest } };
}

async function writeSetLocal(command: PromoteAllCommand, input: Input, context: Context): Promise<Outcome> {
  const tree = context.edges.findTree(context.cwd);
  const environments = command.to === null ? [command.environment] : [command.environment, command.to];
  const snapshot = await tree.read({ models: null, environments });
  const draft = draftSetOver(command, snapshot, setPlanner, context.now().toISOString());
  if (draft.kind !== "draft") return draft;
  const { set, files, edited } = draft;
  const changes = set.changes.flatMap((change) => change.artifacts);
  const readArtifact = (artifact: ArtifactChange) => bytesOf(artifact, new Map(), context, tree.root);
  const artifacts = await artifactFiles(changes, readArtifact);
  if (input.on("dry-run")) {
    const diff = unifiedDiff(edited, [...files, ...artifacts]);
    return { kind: "together", set, result: { kind: "dry-run", diff, target: { kind: "tree" } } };
  }
  await storeArtifacts(changes, readArtifact, context, tree.root);
  return { kind: "together", set, result: { kind: "written", paths: await tree.write([...artifacts, ...files]) } };
}
