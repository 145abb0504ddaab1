/** Real git for tests: folders that are gone afterwards, and commits straight into a bare repository. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder of the test's own. Disposing of it removes it. */
export async function temporaryDirectory(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "mmsp-test-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

interface GitOptions {
  readonly stdin?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs git in `directory` apart from the machine's configuration; answers its trimmed output, throws if it fails. */
export async function runGit(directory: string, args: readonly string[], options: GitOptions = {}): Promise<string> {
  const child = Bun.spawn(["git", ...args], {
    cwd: directory,
    env: {
      PATH: process.env["PATH"] ?? "",
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_TERMINAL_PROMPT: "0",
      GIT_AUTHOR_NAME: "Somebody Else",
      GIT_AUTHOR_EMAIL: "somebody@example.com",
      GIT_COMMITTER_NAME: "Somebody Else",
      GIT_COMMITTER_EMAIL: "somebody@example.com",
      ...options.env,
    },
    stdin: Buffer.from(options.stdin ?? ""),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (code !== 0) throw new Error(`git ${args.join(" ")} ended with ${code}: ${stderr}`);
  return stdout.trim();
}

/**
 * Commits `files` (null removes one) on top of a branch of a bare repository, as somebody else's push would, and
 * answers the commit. The branch is made when it is not there. Throws when it moved in between.
 */
export async function commitDirectly(
  gitDir: string,
  branch: string,
  files: Readonly<Record<string, string | null>>,
  message: string,
): Promise<string> {
  const ref = `refs/heads/${branch}`;
  const head = await runGit(gitDir, ["for-each-ref", "--format=%(objectname)", ref]);
  await using scratch = await temporaryDirectory();
  const env = { GIT_INDEX_FILE: join(scratch.path, "index") };
  if (head !== "") await runGit(gitDir, ["read-tree", head], { env });
  for (const [path, content] of Object.entries(files)) {
    if (content === null) {
      await runGit(gitDir, ["update-index", "--index-info"], { env, stdin: `0 ${"0".repeat(40)}\t${path}\n` });
      continue;
    }
    const blob = await runGit(gitDir, ["hash-object", "-w", "--stdin"], { stdin: content });
    await runGit(gitDir, ["update-index", "--add", "--cacheinfo", `100644,${blob},${path}`], { env });
  }
  const tree = await runGit(gitDir, ["write-tree"], { env });
  const parents = head === "" ? [] : ["-p", head];
  const commit = await runGit(gitDir, ["commit-tree", tree, ...parents, "-m", message]);
  await runGit(gitDir, ["update-ref", ref, commit, head === "" ? "0".repeat(40) : head]);
  return commit;
}
