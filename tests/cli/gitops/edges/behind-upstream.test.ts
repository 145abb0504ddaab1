import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { behindUpstream } from "../../../../cli/gitops/edges/behind-upstream.ts";
import { runGit, temporaryDirectory } from "../../../support/git.ts";

// Real git takes a while on a busy machine.
setDefaultTimeout(60_000);

/** A repository with a commit, and a clone of it; `theirs` commits to the first and has the second fetch. */
async function makeClone() {
  const folder = await temporaryDirectory();
  const [origin, clone] = [join(folder.path, "origin"), join(folder.path, "clone")];
  // Two commits of the same second that say the same are one.
  let number = 0;
  const commit = (directory: string) =>
    runGit(directory, ["commit", "--quiet", "--allow-empty", "--message", `Commit ${(number += 1)}`]);
  await runGit(folder.path, ["init", "--quiet", "--initial-branch=main", origin]);
  await commit(origin);
  await runGit(folder.path, ["clone", "--quiet", origin, clone]);
  return {
    path: clone,
    git: (...args: readonly string[]) => runGit(clone, args),
    ours: () => commit(clone),
    async theirs() {
      await commit(origin);
      await runGit(clone, ["fetch", "--quiet"]);
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

test("tells how many commits of the upstream branch are not there, as far as they were fetched", async () => {
  await using clone = await makeClone();
  expect(await behindUpstream(clone.path)).toBeNull();
  await clone.theirs();
  await clone.theirs();
  expect(await behindUpstream(clone.path)).toEqual({ upstream: "origin/main", commits: 2 });
  await clone.ours();
  expect(await behindUpstream(clone.path)).toEqual({ upstream: "origin/main", commits: 2 });
  await clone.git("pack-refs", "--all");
  expect(await behindUpstream(clone.path)).toEqual({ upstream: "origin/main", commits: 2 });
  await clone.git("reset", "--quiet", "--hard", "origin/main");
  expect(await behindUpstream(clone.path)).toBeNull();
});

test("is asked for a folder below the clone's, and in a worktree, as well", async () => {
  await using clone = await makeClone();
  await clone.theirs();
  const below = join(clone.path, "models");
  mkdirSync(below);
  expect(await behindUpstream(below)).toEqual({ upstream: "origin/main", commits: 1 });
  const worktree = join(clone.path, "..", "worktree");
  await clone.git("worktree", "add", "--quiet", "-b", "other", worktree, "main");
  await clone.git("branch", "--quiet", "--set-upstream-to=origin/main", "other");
  expect(await behindUpstream(worktree)).toEqual({ upstream: "origin/main", commits: 1 });
});

test("a branch that follows one of another name is counted against that", async () => {
  await using clone = await makeClone();
  await clone.git("switch", "--quiet", "--create", "topic", "--track", "origin/main");
  await clone.theirs();
  expect(await behindUpstream(clone.path)).toEqual({ upstream: "origin/main", commits: 1 });
});

test("commits of one's own alone, no upstream, no branch and no clone are nothing to tell", async () => {
  await using clone = await makeClone();
  await clone.ours();
  expect(await behindUpstream(clone.path)).toBeNull();
  await clone.theirs();
  await clone.git("switch", "--quiet", "--create", "alone", "--no-track");
  expect(await behindUpstream(clone.path)).toBeNull();
  await clone.git("switch", "--quiet", "--detach", "main");
  expect(await behindUpstream(clone.path)).toBeNull();
  await using empty = await temporaryDirectory();
  expect(await behindUpstream(empty.path)).toBeNull();
});

test("where the plain case is level, git is not started", async () => {
  await using clone = await makeClone();
  const trace = join(clone.path, "trace");
  process.env["GIT_TRACE"] = trace;
  try {
    expect(await behindUpstream(clone.path)).toBeNull();
    expect(existsSync(trace)).toBe(false);
    await clone.theirs();
    expect(await behindUpstream(clone.path)).toMatchObject({ commits: 1 });
    expect(existsSync(trace)).toBe(true);
  } finally {
    delete process.env["GIT_TRACE"];
  }
});
