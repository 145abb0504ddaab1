import { fail, type Problem } from "../../schemas/problem.ts";
import type { Context, Remote } from "../context.ts";
import { UsageError, type Input } from "../flags.ts";
import { followChange, type Followed, type FollowEnd } from "../gitops/follow-change.ts";
import { OutsideError, type Forge } from "../gitops/core/ports.ts";
import type { PublishResult } from "../gitops/publish.ts";
import type { Outcome, Published, Together } from "../outcome.ts";
import { publishedText } from "../report.ts";
import { openedText } from "../report-together.ts";
import { durationFlag } from "../times.ts";

const defaultTimeout = "15m";

/** Stops at flags that ask for what comes after a pull request where there will be none. `commits`: no pull request. */
export function checkFollowing(input: Input, commits: boolean): void {
  checkTimeout(input);
  if (input.text("wait-timeout") !== undefined && !input.on("wait")) {
    throw new UsageError("--wait-timeout goes with --wait: nothing is waited for without it");
  }
  const asked = ["wait", "auto-merge"].find((flag) => input.on(flag));
  if (asked === undefined) return;
  const without = ["local", "dry-run"].find((flag) => input.on(flag));
  if (without !== undefined)
    throw new UsageError(`--${asked} and --${without} exclude each other: nothing is published`);
  if (commits && input.on("auto-merge")) {
    throw new UsageError("--auto-merge and --commit exclude each other: there is no pull request");
  }
}

/** Stops at a `--wait-timeout` that is no time. */
export function checkTimeout(input: Input): void {
  timeoutOf(input);
}

/** Stops at the same flags where the repository only takes branches: nobody there can be asked what became of one. */
export function checkFollowable({ proposes }: Forge, input: Input, repository: string): void {
  const asked = ["wait", "auto-merge"].find((flag) => input.on(flag));
  if (asked === undefined || proposes !== "branches") return;
  fail({
    code: "git-no-pull-requests",
    message: `--${asked}: ${repository} is plain git to mmsp, which knows of no pull requests there`,
    hint: `leave --${asked} out, and open what merges the branch by hand`,
  });
}

/** Where a change is, and who is asked about it. */
export interface At {
  readonly forge: Forge;
  readonly remote: Remote;
}

/** What is done about a change that is on GitHub: auto-merge is asked for, and it is waited for. */
export async function conclude(result: PublishResult, at: At, input: Input, context: Context): Promise<Outcome> {
  if (result.kind !== "published" && result.kind !== "committed") return result;
  let published: Published = result;
  if (input.on("auto-merge") && result.kind === "published") {
    const problem = await askForAutoMerge(at.forge, result.pullRequest.number);
    if (problem !== null) {
      await introduce(publishedText(published, context.style), input, context);
      return { kind: "followed", published, end: { kind: "stopped", commit: null, problem } };
    }
    const notice = "GitHub merges it by itself, once what the base branch requires is there";
    published = { ...result, notices: [...result.notices, notice] };
  }
  if (!input.on("wait")) return published;
  const { environment, model } = result.change;
  const pull = result.kind === "published" ? result.pullRequest.number : null;
  const commit = result.kind === "committed" ? result.oid : null;
  await introduce(publishedText(published, context.style), input, context);
  const end = await follow({ pull, environment, model, commit }, at, input, context);
  return { kind: "followed", published, end };
}

/** The same of changes that go together: every model is followed to where it is served. */
export async function concludeTogether(together: Together, at: At, input: Input, context: Context): Promise<Outcome> {
  const { set, result } = together;
  if (result.kind !== "published" || !input.on("wait")) return together;
  const { pullRequest } = result;
  await introduce(openedText(set, pullRequest, context.style), input, context);
  const end = await follow({ ...unnamed, pull: pullRequest.number }, at, input, context);
  return { ...together, result: { ...result, end } };
}

/** What a pull request itself says. */
export const unnamed = { environment: null, model: null, commit: null } as const;

/** Follows a change with a line for the person who waits: one that is drawn over on a terminal, else one a change. */
export async function follow(followed: Followed, at: At, input: Input, context: Context): Promise<FollowEnd> {
  const line = input.on("json") ? silent : openLine(context);
  try {
    return await followChange(followed, {
      ...at,
      argocd: context.edges.openArgoCd,
      gateway: async (address) => {
        const answer = await context.edges.readGateway(address);
        return "error" in answer ? null : answer;
      },
      now: context.now,
      sleep: Bun.sleep,
      tell: line.tell,
      timeoutMs: timeoutOf(input),
    });
  } finally {
    line.close();
  }
}

/** Milliseconds of `--wait-timeout`. */
function timeoutOf(input: Input): number {
  return durationFlag("wait-timeout", input.text("wait-timeout") ?? defaultTimeout);
}

/** What a repository or a branch does not allow is no failure of the call; it is told, since nobody will merge it now. */
async function askForAutoMerge(forge: Forge, number: number): Promise<Problem | null> {
  try {
    await forge.enableAutoMerge(number);
    return null;
  } catch (error) {
    if (!(error instanceof OutsideError) || error.retryable) throw error;
    const hint = `${error.hint}; \`mmsp wait ${number}\` waits for that`;
    return {
      code: "auto-merge-refused",
      message: `the pull request is open, but does not merge by itself: ${error.message}`,
      hint,
    };
  }
}

/** The change and where it is, before anybody waits for it; the outcome then only tells the end. */
async function introduce(text: string, input: Input, context: Context): Promise<void> {
  if (input.on("json")) return;
  if (context.isTerminal) context.live("");
  await context.print(text);
}

interface Line {
  tell(says: string): void;
  close(): void;
}

const silent: Line = { tell() {}, close() {} };

const secondMs = 1000;

/** Characters of what is awaited that fit beside the time, so that no terminal wraps the line that is drawn over. */
const widest = 70;

function openLine({ isTerminal, say, live, style, now }: Context): Line {
  const startedAt = now().getTime();
  let last = "";
  const draw = (): void => {
    const seconds = Math.floor((now().getTime() - startedAt) / secondMs);
    live(
      `${style.dim(`${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`)} ${last.length > widest ? `${last.slice(0, widest - 1)}…` : last}`,
    );
  };
  const timer = isTerminal ? setInterval(draw, secondMs) : undefined;
  return {
    tell(says) {
      if (!isTerminal && says !== last) say(`  ${says}`);
      last = says;
      if (isTerminal) draw();
    },
    close() {
      clearInterval(timer);
      if (isTerminal) live("");
    },
  };
}
