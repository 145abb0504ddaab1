import type { ArtifactChange, Command } from "../gitops/core/change.ts";
import type { Context } from "../context.ts";
import { draftOver, scopeOf, type Planner } from "../gitops/draft.ts";
import { publish, type PublishParts } from "../gitops/publish.ts";
import { plan } from "../gitops/core/plan.ts";
import { commitMessage } from "../gitops/render/commit-message.ts";
import { unifiedDiff } from "../gitops/render/diff.ts";
import { renderChange } from "../gitops/render/files.ts";
import { pullRequestBody } from "../gitops/render/pull-request.ts";
import { ProtectedBranch, type FileWrite, type Snapshot } from "../gitops/core/ports.ts";
import { fail } from "../../schemas/problem.ts";
import { isInRepository, storePath } from "../../schemas/store.ts";
import { UsageError, type Input } from "../flags.ts";
import type { Outcome } from "../outcome.ts";
import { remoteOf } from "./target.ts";

/** The shipped planner: pure functions of core and render. */
const planner: Planner = { plan, renderChange, commitMessage, pullRequestBody };

/** Bytes of files that the command line named, by digest. */
export type GivenFiles = ReadonlyMap<string, Uint8Array>;

/**
 * The one way of every writing command: load, plan, edit, then print (`--dry-run`), write the tree (`--local`) or publish.
 * `commit`: straight to the base branch.
 */
export async function write(
  command: Command,
  input: Input,
  context: Context,
  options: { readonly given?: GivenFiles; readonly commit?: boolean } = {},
): Promise<Outcome> {
  const given = options.given ?? new Map<string, Uint8Array>();
  const remoteFlag = ["repo", "base"].find((flag) => input.text(flag) !== undefined);
  if (input.on("local") && remoteFlag !== undefined) {
    throw new UsageError(`--local and --${remoteFlag} exclude each other: --local edits the working tree alone`);
  }
  if (input.on("local")) return writeLocal(command, input, context, given);
  const remote = await remoteOf(input, context);
  const forge = await context.edges.openForge(remote);
  if (input.on("dry-run")) return dryRun(command, await forge.read(scopeOf(command)), context);
  const artifacts = {
    read: (artifact: ArtifactChange) => bytesOf(artifact, given, context, null),
    store: async (artifact: ArtifactChange) =>
      context.edges.openStore(artifact.store, null).write(artifact.key, await bytesOf(artifact, given, context, null)),
  };
  const parts: PublishParts = { forge, planner, artifacts, now: context.now, random: Math.random, sleep: Bun.sleep };
  const as = options.commit ? "commit" : "pull-request";
  return publish(command, { baseBranch: remote.baseBranch, as }, parts).catch(explainProtected);
}

function explainProtected(cause: unknown): never {
  if (!(cause instanceof ProtectedBranch)) throw cause;
  const hint = "leave --commit out, and it becomes a pull request; or let the token's owner bypass the branch's rules";
  return fail({ code: "branch-protected", message: cause.message, hint }, { cause });
}

async function writeLocal(command: Command, input: Input, context: Context, given: GivenFiles): Promise<Outcome> {
  const tree = context.edges.findTree(context.cwd);
  const snapshot = await tree.read(scopeOf(command));
  if (input.on("dry-run")) return dryRun(command, snapshot, context);
  const draft = draftOver(snapshot, command, planner, context.now().toISOString());
  if (draft.kind !== "draft") return draft;
  const { change, files } = draft;
  const artifacts: FileWrite[] = [];
  for (const artifact of change.artifacts) {
    const content = await bytesOf(artifact, given, context, tree.root);
    if (isInRepository(artifact.store)) artifacts.push({ path: storePath(artifact.store, artifact.key), content });
    else await context.edges.openStore(artifact.store, tree.root).write(artifact.key, content);
  }
  // Documents last in the list, and deployments last of all: nothing names what is not there.
  return { kind: "written", change, paths: await tree.write([...artifacts, ...files]), notices: [] };
}

function dryRun(command: Command, snapshot: Snapshot, context: Context): Outcome {
  const draft = draftOver(snapshot, command, planner, context.now().toISOString());
  if (draft.kind !== "draft") return draft;
  return { kind: "dry-run", change: draft.change, diff: unifiedDiff(snapshot.files, draft.files), notices: [] };
}

/** From the file that `register` was given, or from another environment's store; checked against the digest. */
async function bytesOf(
  artifact: ArtifactChange,
  given: GivenFiles,
  context: Context,
  root: string | null,
): Promise<Uint8Array> {
  const bytes = given.get(artifact.sha256);
  if (bytes !== undefined) return bytes;
  if (artifact.from.kind === "file") throw new Error(`the bytes of ${artifact.from.path} were not handed over`);
  return context.edges.openStore(artifact.from.store, root).read(artifact.key);
}
