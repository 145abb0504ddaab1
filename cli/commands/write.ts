import type { ArtifactChange, Command } from "../gitops/core/change.ts";
import type { Context } from "../context.ts";
import { scopeOf } from "../gitops/core/scope.ts";
import { draftOver, type Planner } from "../gitops/draft-over.ts";
import { artifactFiles, preview, type ArtifactReader } from "../gitops/preview.ts";
import { publish, type PublishParts } from "../gitops/publish.ts";
import { plan } from "../gitops/core/plan.ts";
import { commitMessage } from "../gitops/render/commit-message.ts";
import { unifiedDiff } from "../gitops/render/diff.ts";
import { renderChange } from "../gitops/render/files.ts";
import { pullRequestBody } from "../gitops/render/pull-request.ts";
import { ProtectedBranch, type Content, type Forge } from "../gitops/core/ports.ts";
import { fail } from "../../schemas/problem.ts";
import { readSettings, withSettings } from "../../schemas/settings.ts";
import { isInRepository } from "../../schemas/store.ts";
import type { Input } from "../flags.ts";
import type { Outcome } from "../outcome.ts";
import { checkFollowable, checkFollowing, conclude } from "./conclude.ts";
import { remoteOf } from "./remote.ts";
import { refuseMixedFlags } from "./target.ts";

/** The shipped planner: pure functions of core and render. It sees the documents as the variables want them read. */
export function plannerFor({ env }: Pick<Context, "env">): Planner {
  const settings = readSettings(env);
  return {
    plan: (command, state) => plan(command, { ...state, tree: withSettings(state.tree, settings) }),
    renderChange,
    commitMessage,
    pullRequestBody,
  };
}

/** Files that the command line named, by digest, which their streams are held against. */
export type GivenFiles = ReadonlyMap<string, Content>;

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
  const given = options.given ?? new Map<string, Content>();
  checkFollowing(input, options.commit ?? false);
  refuseMixedFlags(input);
  if (input.on("local")) return writeLocal(command, input, context, given);
  const remote = await remoteOf(input, context);
  const { baseBranch } = remote;
  const planner = plannerFor(context);
  const forge = await context.edges.openForge(remote);
  if (!options.commit) checkFollowable(forge, input, remote.repository);
  const as = options.commit ? "commit" : "pull-request";
  const artifacts = artifactsOf(given, context, null);
  if (input.on("dry-run")) {
    const previewed = await preview(command, { baseBranch, as }, { forge, planner, now: context.now, artifacts });
    return previewed.kind === "preview" ? { ...previewed, kind: "dry-run", notices: [] } : previewed;
  }
  const parts: PublishParts = { forge, planner, artifacts, now: context.now, random: Math.random, sleep: Bun.sleep };
  const published = await publish(command, { baseBranch, as }, parts).catch((error) => explainProtected(error, forge));
  return conclude(published, { forge, remote }, input, context);
}

function explainProtected(cause: unknown, { proposes }: Forge): never {
  if (!(cause instanceof ProtectedBranch)) throw cause;
  const otherwise = proposes === "branches" ? "a branch that somebody merges" : "a pull request";
  const hint = `leave --commit out, and it becomes ${otherwise}; or let the token's owner bypass the branch's rules`;
  return fail({ code: "branch-protected", message: cause.message, hint }, { cause });
}

async function writeLocal(command: Command, input: Input, context: Context, given: GivenFiles): Promise<Outcome> {
  const tree = context.edges.findTree(context.cwd);
  const draft = draftOver(await tree.read(scopeOf(command)), command, plannerFor(context), context.now().toISOString());
  if (draft.kind !== "draft") return draft;
  const { change, files, edited } = draft;
  const placed = artifactsOf(given, context, tree.root);
  const artifacts = await artifactFiles(change.artifacts, placed.read);
  if (input.on("dry-run")) {
    const diff = unifiedDiff(edited, [...files, ...artifacts]);
    return { kind: "dry-run", change, diff, target: { kind: "tree" }, notices: [] };
  }
  for (const artifact of change.artifacts) if (!isInRepository(artifact.store)) await placed.store(artifact);
  // Documents last in the list, and deployments last of all: nothing names what is not there.
  return { kind: "written", change, paths: await tree.write([...artifacts, ...files]), notices: [] };
}

/**
 * Artifacts come from the files that `register` was given, or from another environment's store; each is checked against its
 * digest. `root`: of the clone that stores inside the repository are in, null where there is none.
 */
export function artifactsOf(
  given: GivenFiles,
  context: Context,
  root: string | null,
): PublishParts["artifacts"] & ArtifactReader {
  const find = async ({ sha256, from, key }: ArtifactChange): Promise<Content> => {
    const file = given.get(sha256);
    if (file !== undefined) return file;
    if (from.kind === "file") throw new Error(`the bytes of ${from.path} were not handed over`);
    return context.edges.openStore(from.store, root).find(key);
  };
  return {
    read: async (artifact) => Buffer.concat(await Array.fromAsync((await find(artifact)).stream())),
    check: async (artifact) => {
      for await (const _ of (await find(artifact)).stream());
    },
    store: async (artifact) => context.edges.openStore(artifact.store, root).write(artifact.key, await find(artifact)),
  };
}
