import type { ArtifactChange, Command } from "../gitops/core/change.ts";
import type { Context } from "../context.ts";
import { scopeOf } from "../gitops/core/scope.ts";
import { draftOver, type Planner } from "../gitops/draft.ts";
import { artifactFiles, preview } from "../gitops/preview.ts";
import { publish, type PublishParts } from "../gitops/publish.ts";
import { plan } from "../gitops/core/plan.ts";
import { commitMessage } from "../gitops/render/commit-message.ts";
import { unifiedDiff } from "../gitops/render/diff.ts";
import { renderChange } from "../gitops/render/files.ts";
import { pullRequestBody } from "../gitops/render/pull-request.ts";
import { ProtectedBranch } from "../gitops/core/ports.ts";
import { fail } from "../../schemas/problem.ts";
import { isInRepository } from "../../schemas/store.ts";
import { UsageError, type Input } from "../flags.ts";
import type { Outcome } from "../outcome.ts";
import { remoteOf } from "./target.ts";

/** The shipped planner: pure functions of core and render. */
export const planner: Planner = { plan, renderChange, commitMessage, pullRequestBody };

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
  refuseMixedFlags(input);
  if (input.on("local")) return writeLocal(command, input, context, given);
  const remote = await remoteOf(input, context);
  const { baseBranch } = remote;
  const forge = await context.edges.openForge(remote);
  const as = options.commit ? "commit" : "pull-request";
  const readArtifact = (artifact: ArtifactChange) => bytesOf(artifact, given, context, null);
  if (input.on("dry-run")) {
    const previewed = await preview(command, { baseBranch, as }, { forge, planner, now: context.now, readArtifact });
    return previewed.kind === "preview" ? { ...previewed, kind: "dry-run", notices: [] } : previewed;
  }
  const artifacts = {
    read: readArtifact,
    store: async (artifact: ArtifactChange) =>
      context.edges.openStore(artifact.store, null).write(artifact.key, await readArtifact(artifact)),
  };
  const parts: PublishParts = { forge, planner, artifacts, now: context.now, random: Math.random, sleep: Bun.sleep };
  return publish(command, { baseBranch, as }, parts).catch(explainProtected);
}

/** Throws a UsageError where `--local` meets a flag that is about the repository elsewhere. */
export function refuseMixedFlags(input: Input): void {
  const remoteFlag = ["repo", "base"].find((flag) => input.text(flag) !== undefined);
  if (!input.on("local") || remoteFlag === undefined) return;
  throw new UsageError(`--local and --${remoteFlag} exclude each other: --local edits the working tree alone`);
}

function explainProtected(cause: unknown): never {
  if (!(cause instanceof ProtectedBranch)) throw cause;
  const hint = "leave --commit out, and it becomes a pull request; or let the token's owner bypass the branch's rules";
  return fail({ code: "branch-protected", message: cause.message, hint }, { cause });
}

async function writeLocal(command: Command, input: Input, context: Context, given: GivenFiles): Promise<Outcome> {
  const tree = context.edges.findTree(context.cwd);
  const draft = draftOver(await tree.read(scopeOf(command)), command, planner, context.now().toISOString());
  if (draft.kind !== "draft") return draft;
  const { change, files, edited } = draft;
  const readArtifact = (artifact: ArtifactChange) => bytesOf(artifact, given, context, tree.root);
  const artifacts = await artifactFiles(change.artifacts, readArtifact);
  if (input.on("dry-run")) {
    const diff = unifiedDiff(edited, [...files, ...artifacts]);
    return { kind: "dry-run", change, diff, target: { kind: "tree" }, notices: [] };
  }
  await storeArtifacts(change.artifacts, readArtifact, context, tree.root);
  // Documents last in the list, and deployments last of all: nothing names what is not there.
  return { kind: "written", change, paths: await tree.write([...artifacts, ...files]), notices: [] };
}

/** Those that are no files of the tree go where they belong, before a document names them. */
export async function storeArtifacts(
  artifacts: readonly ArtifactChange[],
  read: (artifact: ArtifactChange) => Promise<Uint8Array>,
  context: Context,
  root: string,
): Promise<void> {
  for (const artifact of artifacts.filter(({ store }) => !isInRepository(store))) {
    await context.edges.openStore(artifact.store, root).write(artifact.key, await read(artifact));
  }
}

/** From the file that `register` was given, or from another environment's store; checked against the digest. */
export async function bytesOf(
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
