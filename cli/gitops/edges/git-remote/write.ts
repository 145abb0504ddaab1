import { fail } from "../../../../schemas/problem.ts";
import { HeadMoved, ProtectedBranch, type FileWrite } from "../../core/ports.ts";
import { attemptOn, type Clone } from "./clone.ts";
import { explainFailure, serverWords, wordsOf } from "./failure.ts";
import type { GitResult } from "../git-process.ts";
import { personsSetting, type GitOptions } from "./git.ts";

/** Who commits. */
export interface Identity {
  readonly name: string;
  readonly email: string;
}

/** The person, as git knows them, or mmsp itself. */
export async function identityOf(env: GitOptions["env"]): Promise<Identity> {
  const [name, email] = await Promise.all([personsSetting("user.name", env), personsSetting("user.email", env)]);
  return {
    name: env["GIT_AUTHOR_NAME"] || (name ?? "mmsp"),
    email: env["GIT_AUTHOR_EMAIL"] || (email ?? "mmsp@localhost"),
  };
}

/** fast-import wants a branch for its commit. Nobody reads it: which commit was made, its mark tells. */
const made = "refs/mmsp/made";

/** All files as one commit on a parent that is in the clone, on no branch yet. A file keeps its mode. */
export async function makeCommit(
  clone: Clone,
  commit: {
    readonly parent: string;
    readonly files: readonly FileWrite[];
    readonly message: string;
    readonly identity: Identity;
    readonly now: Date;
  },
): Promise<string> {
  const { parent, files, message, identity, now } = commit;
  const modes = await modesOf(clone, parent, files);
  const who = `${plain(identity.name) || "mmsp"} <${plain(identity.email)}> ${Math.floor(now.getTime() / 1000)} +0000`;
  const lines: (string | Uint8Array)[] = [
    `commit ${made}\nmark :1\ncommitter ${who}\n`,
    ...data(message),
    `from ${parent}\n`,
  ];
  for (const { path, content } of files) {
    if (content === null) lines.push(`D ${quoted(path)}\n`);
    else lines.push(`M ${modes.get(path) ?? "100644"} inline ${quoted(path)}\n`, ...data(content));
  }
  lines.push("get-mark :1\ndone\n");
  const args = ["fast-import", "--quiet", "--done", "--force"];
  const said = await clone.run("committing for", args, Buffer.concat(lines.map(bytesOf)));
  return new TextDecoder().decode(said).trim();
}

async function modesOf(
  { text }: Clone,
  parent: string,
  files: readonly FileWrite[],
): Promise<ReadonlyMap<string, string>> {
  const paths = files.filter(({ content }) => content !== null).map(({ path }) => path);
  if (paths.length === 0) return new Map();
  const listing = await text("committing for", ["ls-tree", "-z", "--full-tree", parent, "--", ...paths]);
  return new Map(
    listing.split("\0").flatMap((line) => {
      const [, mode, path] = /^(100\d+) blob \S+\t([^]*)$/.exec(line) ?? [];
      return mode !== undefined && path !== undefined ? [[path, mode] as const] : [];
    }),
  );
}

function plain(text: string): string {
  return text.replaceAll(/[<>\p{Cc}]/gu, " ").trim();
}

function quoted(path: string): string {
  return /^[A-Za-z0-9_./-]+$/.test(path) ? path : `"${path.replaceAll(/["\\]/g, "\\$&").replaceAll("\n", "\\n")}"`;
}

function data(content: string | Uint8Array): (string | Uint8Array)[] {
  return [`data ${Buffer.byteLength(content)}\n`, content, "\n"];
}

function bytesOf(piece: string | Uint8Array): Uint8Array {
  return typeof piece === "string" ? Buffer.from(piece) : piece;
}

/**
 * Points a branch of the remote at a commit, provided that it still is at `expected` (null: nowhere). Returns what the server
 * said. Throws `HeadMoved` and `ProtectedBranch`. A push whose answer got lost is looked after.
 */
export async function pushCommit(
  clone: Clone,
  branch: string,
  { from, to }: { readonly from: string | null; readonly to: string },
): Promise<string> {
  const { options, git } = clone;
  const ref = `refs/heads/${branch}`;
  const lease = `--force-with-lease=${ref}:${from ?? ""}`;
  const result = await git(["push", "--porcelain", "--no-verify", lease, "--", options.address, `${to}:${ref}`]);
  if (result.ok) return result.stderr;
  const refusal = refusalOf(result, branch, options.secrets);
  if (refusal === null && (await isThere(clone, ref, to))) return result.stderr;
  throw refusal ?? explainFailure(result, attemptOn(options, `pushing ${branch} to`));
}

/** `!\t<from>:<to>\t[rejected] (stale info)`; null where the server said nothing about the branch. */
function refusalOf(result: GitResult, branch: string, secrets: readonly string[]): Error | null {
  // Of a disk that is full or not theirs to write to the server tells as well, and it is about no branch.
  const [, why] = /^!\t[^\t]*\t(.*)$/m.exec(new TextDecoder().decode(result.stdout)) ?? [];
  if (why === undefined || /unpacker error/i.test(why)) return null;
  const cause = new Error(why);
  // Another writer was faster: seen here, or by the server while it took the push.
  if (
    /stale info|fetch first|non-fast-forward|cannot lock ref|failed to (update|lock)|reference already exists|incorrect old value|unable to create/i.test(
      why,
    )
  ) {
    return new HeadMoved(`the branch "${branch}" has moved`, { cause });
  }
  const words = serverWords(result.stderr, secrets) || wordsOf(why);
  if (/checked out/i.test(why)) {
    fail({
      code: "git-not-bare",
      message: `${branch} is checked out in the repository, which has a working tree: ${why}`,
      hint: "push to a bare repository (git init --bare, or git clone --bare of this one)",
    });
  }
  return new ProtectedBranch(branch, { words, cause });
}

async function isThere({ git, options }: Clone, ref: string, to: string): Promise<boolean> {
  const { stdout, ok } = await git(["ls-remote", "--", options.address, ref]);
  return ok && new TextDecoder().decode(stdout).startsWith(`${to}\t`);
}
