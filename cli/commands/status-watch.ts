import { ProblemError } from "../../schemas/problem.ts";
import type { Context } from "../context.ts";
import type { Input } from "../flags.ts";
import { OutsideError } from "../gitops/core/ports.ts";
import type { Outcome } from "../outcome.ts";
import { lookAt } from "./status-view.ts";
import { remoteOf } from "./remote.ts";
import { looksAtGitHub } from "./target.ts";

/** The longest wait between two questions while GitHub cannot be reached. */
const longestWaitMs = 60_000;

/** "5 min ago" and what a gateway says grow old without any file changing. */
const refreshMs = 15_000;

/** Shows every change until Ctrl-C, which is the way to end it and no failure. `pollMs`: how often GitHub is asked. */
export async function watchStatus(input: Input, context: Context, pollMs: number): Promise<Outcome> {
  const { signal } = context;
  const source = await (looksAtGitHub(input) ? branchChanges(input, context, pollMs) : treeChanges(context));
  const refreshes = context.isTerminal || input.on("live");
  let shown: string | null = null;
  let drawn = "";
  // A terminal breaks the lines anew that stand on it, and may push some of them out of sight.
  const redraws = context.isTerminal && !input.on("json");
  const stopRedrawing = redraws ? context.onResize(() => void context.print(`${clearScreen}${drawn}`)) : () => {};
  try {
    while (!signal.aborted) {
      const block = await blockOf(input, context);
      if (block !== null && block !== shown) {
        drawn = framed(block, shown === null, input, context);
        if (!(await context.print(redraws && shown === null ? `${clearScreen}${drawn}` : drawn))) break;
        shown = block;
      }
      await source.next(block === null ? 0 : refreshes ? refreshMs : null);
    }
  } finally {
    stopRedrawing();
    source.stop();
  }
  return { kind: "streamed" };
}

/** What there is to see, or what is in the way of seeing it; null where GitHub could not be reached, which `say` has told. */
async function blockOf(input: Input, context: Context): Promise<string | null> {
  const isJson = input.on("json");
  try {
    const { text, json } = await lookAt(input, context);
    return isJson ? `${JSON.stringify(json)}\n` : text;
  } catch (error) {
    // A file that is being written may well be broken for a moment.
    if (error instanceof ProblemError) {
      return isJson ? `${JSON.stringify({ status: "refused", problems: error.problems })}\n` : `${error.message}\n`;
    }
    if (!(error instanceof OutsideError && error.retryable)) throw error;
    context.say(error.message);
    return null;
  }
}

const clearScreen = "\u001b[2J";

/** On a terminal the screen is drawn anew from its top; elsewhere a blank line parts the blocks. */
function framed(block: string, isFirst: boolean, input: Input, { isTerminal, style, now }: Context): string {
  if (input.on("json")) return block;
  if (!isTerminal) return isFirst ? block : `\n${block}`;
  const time = now().toTimeString().slice(0, 8);
  return `\u001b[H\u001b[J${block}\n${style.dim(`${time}  Ctrl-C ends`)}\n`;
}

/** Something that changes. */
interface Changes {
  /** Resolves when there may be something new, when it is to be looked at again anyway, or when it is to end. */
  next(refreshMs: number | null): Promise<void>;
  stop(): void;
}

async function treeChanges({ edges, cwd, signal }: Context): Promise<Changes> {
  let isChanged = false;
  let wake = (): void => {};
  const stop = await edges.watchTree(edges.findTree(cwd).root, () => {
    isChanged = true;
    wake();
  });
  return {
    stop,
    async next(refresh) {
      // What has changed while it was being looked at is looked at again.
      if (!isChanged) await pause(refresh, signal, (resume) => void (wake = resume));
      isChanged = false;
    },
  };
}

async function branchChanges(input: Input, context: Context, pollMs: number): Promise<Changes> {
  const { signal } = context;
  const hasMoved = await context.edges.watchBranch(await remoteOf(input, context));
  // The look that comes first has seen what is there.
  await hasMoved();
  let waitMs = pollMs;
  return {
    stop: () => {},
    async next(refresh) {
      const until = refresh === null ? Number.POSITIVE_INFINITY : context.now().getTime() + refresh;
      while (!signal.aborted) {
        await pause(waitMs, signal);
        if (signal.aborted) return;
        try {
          const moved = await hasMoved();
          waitMs = pollMs;
          if (moved || context.now().getTime() >= until) return;
        } catch (error) {
          if (!(error instanceof OutsideError && error.retryable)) throw error;
          waitMs = Math.min(longestWaitMs, waitMs * 2);
          context.say(`${error.message}; asking again in ${Math.round(waitMs / 1000)} s`);
        }
      }
    },
  };
}

/** Ends after a time (null: never), when it is resumed, or when the signal is aborted. */
function pause(ms: number | null, signal: AbortSignal, starting?: (resume: () => void) => void): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = ms === null ? undefined : setTimeout(resolve, ms);
  const end = (): void => resolve();
  if (signal.aborted) end();
  signal.addEventListener("abort", end, { once: true });
  starting?.(end);
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
  });
}
