import { fail } from "../../../schemas/problem.ts";
import { runGitProcess } from "./git-process.ts";

/**
 * Runs git in a folder and answers what it wrote, without the line's end. Throws a ProblemError where there is no git, no
 * clone, or no such commit. Never waits for input, and takes no locks.
 */
export async function runGit(folder: string, args: readonly string[], stdin = ""): Promise<string> {
  return new TextDecoder().decode(await runGitBytes(folder, args, stdin)).replace(/\n$/, "");
}

/** The same, as bytes. */
export async function runGitBytes(folder: string, args: readonly string[], stdin = ""): Promise<Uint8Array> {
  const { ok, stdout, stderr } = await runGitProcess(["-C", folder, ...args], {
    env: { ...process.env, LC_ALL: "C", GIT_OPTIONAL_LOCKS: "0", GIT_TERMINAL_PROMPT: "0" },
    input: stdin,
    missingHint: "install git, or give --repo OWNER/NAME to ask GitHub",
  });
  return ok ? stdout : explain(folder, args, stderr.trim());
}

function explain(folder: string, args: readonly string[], words: string): never {
  if (words.includes("not a git repository")) {
    const hint = "run it in a clone, or give --repo OWNER/NAME to ask GitHub";
    return fail({ code: "not-a-repository", file: folder, message: "is in no git repository", hint });
  }
  if (/Needed a single revision|unknown revision|bad revision|Not a valid object name/.test(words)) {
    const revision = (args.at(-1) ?? "").replace(/\^\{commit\}$/, "");
    const isEmpty = revision === "HEAD" || args.includes("HEAD");
    const message = isEmpty ? "the repository has no commit yet" : `git does not know ${revision}`;
    return fail({ code: "revision-unknown", message, hint: "git log shows what there is" });
  }
  const verb = args.find((arg) => /^[a-z]/.test(arg) && !arg.includes(".")) ?? "";
  return fail({
    code: "git-failed",
    message: `git ${verb} failed: ${words.split("\n")[0] ?? ""}`,
    hint: "try the same in a terminal; git fsck tells of a damaged clone",
  });
}
