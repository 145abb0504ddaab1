import { ProblemError, type Problem } from "../../../../schemas/problem.ts";
import { OutsideError } from "../../core/ports.ts";
import type { GitResult } from "../git-process.ts";

/** What was being tried, for the person who reads that it failed. */
export interface Attempt {
  /** `reading file:///srv/models.git` */
  readonly what: string;
  readonly remote: string;
  /** May stand in no message. */
  readonly secrets: readonly string[];
}

type Explanation = Omit<Problem, "message">;

/** What git and ssh say, in English (LC_ALL=C), and what a person does about it. */
const known: readonly (readonly [RegExp, Explanation])[] = [
  [
    /host key verification failed|remote host identification has changed/i,
    {
      code: "git-host-key",
      hint: "connect once by hand (ssh -T to that host), check the key that it shows, and accept it; then try again",
    },
  ],
  [
    /dubious ownership/i,
    { code: "git-owner", hint: "it belongs to another user: `git config --global --add safe.directory` with its path" },
  ],
  [
    /authentication failed|could not read (username|password)|terminal prompts disabled|permission denied|returned error: 40[13]|access denied|not allowed|unauthorized|insufficient permission/i,
    {
      code: "git-not-allowed",
      hint: "set up git's credentials or an ssh key that may write there, or MMSP_GIT_TOKEN for an https address",
    },
  ],
  [
    /does not appear to be a git repository|repository .*not found|no such file or directory|returned error: 404|does not exist|not a git repository/i,
    { code: "git-repository-missing", hint: "check the address: spec.repository in environments/mmsp.yaml, or --repo" },
  ],
];

/** The network, and servers that are not well: the same may go through later. */
const passing =
  /could not resolve|couldn't connect|failed to connect|connection (refused|reset|timed out|closed)|timed out|returned error: 5\d\d|early eof|hung up unexpectedly|unexpected disconnect|network is unreachable|no route to host|operation too slow/i;

/** The error for people: what they can mend is a ProblemError, the rest an OutsideError. */
export function explainFailure(result: GitResult, attempt: Attempt): Error {
  const said = cleaned(result.stderr, attempt.secrets);
  const { what } = attempt;
  if (result.timedOut) return outside(`${what}: no answer in time`, said);
  const passes = passing.test(said);
  // ssh's refusals end with git's "check that the repository exists": the first that fits counts.
  const found = known.find(([pattern]) => pattern.test(said));
  if (found !== undefined && !(passes && found[1].code === "git-repository-missing")) {
    const message = `${what}: ${wordsOf(said, found[0])}`;
    return new ProblemError([{ ...found[1], message }], { cause: new Error(said) });
  }
  return outside(`${what}: ${wordsOf(said, passing)}`, said, passes);
}

function outside(message: string, said: string, retryable = true): OutsideError {
  const hint = retryable
    ? "check the network and the address, and try again; nothing is half done"
    : "try the same with git by hand (git ls-remote with the address), and mend what it says";
  return new OutsideError(message, { retryable, hint, cause: new Error(said) });
}

/** The line that tells most: the one that was looked for, or else the last that git, ssh or the server marks as an error. */
export function wordsOf(said: string, sought?: RegExp): string {
  const lines = said.split("\n").map((line) => line.trim());
  const found = sought === undefined ? undefined : lines.find((line) => sought.test(line));
  if (found !== undefined) return found.replace(/^(fatal|error): /, "");
  const marked = lines.findLast((line) => /^(fatal|error|remote|ssh|.*: permission denied)\b/i.test(line));
  const told = marked ?? lines.findLast((line) => line !== "") ?? "git gave no reason";
  return told.replace(/^(fatal|error): /, "");
}

/** What the server itself says, its hooks included, on one line. */
export function serverWords(stderr: string, secrets: readonly string[]): string {
  const lines = cleaned(stderr, secrets).split("\n");
  const remote = lines.flatMap((line) => /^remote: ?(?:error: )?(.*)$/.exec(line)?.[1]?.trim() || []);
  return remote.join(" ").slice(0, 500);
}

/** Without credentials, wherever git repeats them. */
export function cleaned(text: string, secrets: readonly string[]): string {
  let clean = text.replaceAll(/\/\/[^/@\s]+@/g, "//");
  for (const secret of secrets) clean = clean.replaceAll(secret, "***");
  return clean;
}
