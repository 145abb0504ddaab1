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
import { readSettings, withSettings } from "../../schemas/settings.ts";
import { isInRepository } from "../../schemas/store.ts";
import { UsageError, type Input } from "../flags.ts";
import type { Outcome } from "../outcome.ts";
import { checkFollowing, conclude } from "./conclude.ts";
import { remoteOf } from "./target.ts";

/** The shipped planner: pure functions of core and render. It sees the documents as the variables want them read. */
function plannerFor({ env }: Context): Planner {
  const settings = readSettings(env);
  return {
    plan: (command, state) => plan(command, { ...state, tree: withSettings(state.tree, settings) }),
    renderChange,
    commitMessage,
    pullRequestBody,
  };
}

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
  checkFollowing(input, options.commit ?? false);
  const remoteFlag = ["repo", "base"].find((flag) => input.text(flag) !== undefined);
  if (input.on("local") && remoteFlag !== undefined) {
    throw new UsageError(`--local and --${remoteFlag} exclude each other: --local edits the working tree alone`);
  }
  if (input.on("local")) return writeLocal(command, input, context, given);
  const remote = await remoteOf(input, context);
  const { baseBranch } = remote;
  const planner = plannerFor(context);
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
  const published = await publish(command, { baseBranch, as }, parts).catch(explainProtected);
  return conclude(published, forge, input, context);
}

function explainProtected(cause: unknown): never {
  if (!(cause instanceof ProtectedBranch)) throw cause;
  const hint = "leave --commit out, and it becomes a pull request; or let the token's owner bypass the branch's rules";
  return fail({ code: "branch-protected", message: cause.message, hint }, { cause });
}

async function writeLocal(command: Command, input: Input, context: Context, given: GivenFiles): Promise<Outcome> {
  const tree = context.edges.findTree(context.cwd);
  const draft = draftOver(await tree.read(scopeOf(command)), command, plannerFor(context), context.now().toISOString());
  if (draft.kind !== "draft") return draft;
  const { change, files, edited } = draft;
  const readArtifact = (artifact: ArtifactChange) => bytesOf(artifact, given, context, tree.root);
  const artifacts = await artifactFiles(change.artifacts, readArtifact);
  if (input.on("dry-run")) {
    const diff = unifiedDiff(edited, [...files, ...artifacts]);
    return { kind: "dry-run", change, diff, target: { kind: "tree" }, notices: [] };
  }
  for (const artifact of change.artifacts.filter(({ store }) => !isInRepository(store))) {
    const store = context.edges.openStore(artifact.store, tree.root);
    await store.write(artifact.key, await readArtifact(artifact));
  }
  // Documents last in the list, and deployments last of all: nothing names what is not there.
  return { kind: "written", change, paths: await tree.write([...artifacts, ...files]), notices: [] };
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
