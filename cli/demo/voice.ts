import type { Context } from "../context.ts";

/** What the demo says while it plays; the report comes afterwards. */
export interface Voice {
  chapter(title: string): void;
  /** A command as a person would type it, just before it runs. */
  command(words: readonly string[]): void;
  /** What the command said. */
  output(text: string): void;
  tell(line: string): void;
  /** A line as it is. */
  plain(line: string): void;
  /** Draws this line again and again below everything else; only on a terminal. */
  live(draw: () => string): void;
  quiet(): void;
}

/** How often the live line is drawn, in milliseconds. */
const frameMs = 200;

export function createVoice(context: Pick<Context, "say" | "live" | "isTerminal" | "style">): Voice {
  const { style, isTerminal } = context;
  let draw: (() => string) | null = null;
  let timer: ReturnType<typeof setInterval> | undefined;

  function say(line: string): void {
    if (draw !== null) context.live("");
    context.say(line);
    if (draw !== null) context.live(draw());
  }
  function quiet(): void {
    clearInterval(timer);
    if (draw !== null) context.live("");
    draw = null;
  }

  return {
    chapter: (title) => say(`\n${style.bold(title)}`),
    command: (words) => say(`${style.dim("$")} ${style.cyan(words.map(quote).join(" "))}`),
    output(text) {
      const shown = text.trimEnd();
      if (shown !== "") say(shown.replace(/^(?=.)/gm, "    "));
    },
    tell: (line) => say(`  ${line}`),
    plain: say,
    live(wanted) {
      if (!isTerminal) return;
      quiet();
      draw = wanted;
      timer = setInterval(() => context.live(wanted()), frameMs);
    },
    quiet,
  };
}

/** As a shell needs it. */
export function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
