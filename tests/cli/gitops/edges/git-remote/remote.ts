/** A real bare repository behind an address, and publishing on it with the shipped planner. */
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "../../../../../cli/gitops/core/change.ts";
import type { Forge } from "../../../../../cli/gitops/core/ports.ts";
import { createGitRemote, type GitRemoteOptions } from "../../../../../cli/gitops/edges/git-remote/git-remote.ts";
import { publish, type PublishParts, type PublishResult } from "../../../../../cli/gitops/publish.ts";
import { commitDirectly, runGit, temporaryDirectory } from "../../../../support/git.ts";
import { planner } from "../../cut-parts.ts";
import { sampleFiles } from "../../documents.ts";
import { importFiles } from "../../hub.ts";

export interface Remote extends AsyncDisposable {
  readonly gitDir: string;
  readonly address: string;
  readonly folder: string;
  /** Commit that main starts at. */
  readonly start: string;
  forge(options?: Partial<GitRemoteOptions>): Forge;
  propose(command: Command, more?: Partial<PublishParts>): Promise<PublishResult>;
  commit(command: Command, more?: Partial<PublishParts>): Promise<PublishResult>;
  /** Somebody's push; the branch starts at main. Returns the commit. */
  push(branch: string, files: Readonly<Record<string, string | null>>, message?: string): Promise<string>;
  /** As if so many people had committed to main. */
  age(commits: number): Promise<void>;
  git(...args: readonly string[]): Promise<string>;
  /** A script that the server runs before it takes a push. */
  hook(script: string): void;
}

export const modelBytes = Uint8Array.from({ length: 1000 }, (_, at) => (at * 7) % 256);

export async function startRemote(files: Readonly<Record<string, string>> = sampleFiles()): Promise<Remote> {
  const directory = await temporaryDirectory();
  const gitDir = join(directory.path, "models.git");
  await runGit(directory.path, ["init", "--quiet", "--bare", "--initial-branch=main", gitDir]);
  const start = await importFiles(gitDir, files);
  const address = `file://${gitDir}`;
  const { PATH = "" } = process.env;
  const env = { PATH, HOME: directory.path, GIT_CONFIG_NOSYSTEM: "1" };
  const forge = (options: Partial<GitRemoteOptions> = {}) =>
    createGitRemote({
      address,
      baseBranch: "main",
      cacheFolder: join(directory.path, "cache"),
      config: {},
      secrets: [],
      env,
      identity: { name: "Grace", email: "grace@example.com" },
      ...options,
    });
  let minutes = 0;
  const parts = (more: Partial<PublishParts>): PublishParts => {
    minutes += 1;
    const started = Date.parse("2026-11-21T08:00:00Z") + minutes * 60_000 - Date.now();
    return {
      forge: forge(),
      planner,
      artifacts: { read: () => Promise.resolve(modelBytes), store: () => Promise.resolve() },
      now: () => new Date(started + Date.now()),
      random: Math.random,
      sleep: (milliseconds) => Bun.sleep(milliseconds / 5),
      ...more,
    };
  };
  return {
    gitDir,
    address,
    folder: directory.path,
    start,
    forge,
    propose: (command, more = {}) => publish(command, { baseBranch: "main", as: "pull-request" }, parts(more)),
    commit: (command, more = {}) => publish(command, { baseBranch: "main", as: "commit" }, parts(more)),
    async push(branch, changed, message = "Somebody's work") {
      const known = await runGit(gitDir, ["for-each-ref", `refs/heads/${branch}`]);
      if (known === "") await runGit(gitDir, ["update-ref", `refs/heads/${branch}`, "refs/heads/main"]);
      return commitDirectly(gitDir, branch, changed, message);
    },
    async age(commits) {
      const one = (at: number) =>
        `commit refs/heads/main\ncommitter Else <else@example.com> ${1795250000 + at} +0000\ndata 4\nmore\n` +
        `${at === 0 ? "from refs/heads/main^0\n" : ""}M 100644 inline count.txt\ndata ${String(at).length}\n${at}\n`;
      const stdin = `${Array.from({ length: commits }, (_, at) => one(at)).join("")}done\n`;
      await runGit(gitDir, ["fast-import", "--quiet", "--done"], { stdin });
    },
    git: (...args) => runGit(gitDir, args),
    hook(script) {
      const place = join(gitDir, "hooks", "pre-receive");
      writeFileSync(place, `#!/bin/sh\n${script}\n`);
      chmodSync(place, 0o755);
    },
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

export async function pushed(result: Promise<PublishResult>) {
  const settled = await result;
  if (settled.kind !== "pushed") throw new Error(`not pushed: ${JSON.stringify(settled)}`);
  return settled;
}
