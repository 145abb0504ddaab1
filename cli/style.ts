/** Colours for a terminal; each returns its text unchanged where colour is not wanted. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
}

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Whether a stream gets colours: a terminal that can show them, and never under NO_COLOR, which by https://no-color.org counts
 * when it is not empty. No variable asks for colours in a pipe: whoever reads it did not ask for escape codes.
 */
export function wantsColour(isTerminal: boolean, env: Variables): boolean {
  return isTerminal && !env["NO_COLOR"] && env["TERM"] !== "dumb";
}

/** SGR codes where colours are wanted. */
export function createStyle(isTerminal: boolean, env: Variables): Style {
  const coloured = wantsColour(isTerminal, env);
  const sgr =
    (open: number, close: number) =>
    (text: string): string =>
      coloured ? `\u001b[${open}m${text}\u001b[${close}m` : text;
  return {
    bold: sgr(1, 22),
    dim: sgr(2, 22),
    red: sgr(31, 39),
    green: sgr(32, 39),
    yellow: sgr(33, 39),
    cyan: sgr(36, 39),
  };
}

/** Of each stream, which may be a terminal while the other is a pipe. */
export interface StreamStyles {
  readonly stdout: Style;
  readonly stderr: Style;
}

/** `isTerminal`: of a stream, as cli/streams.ts answers. */
export function streamStyles(isTerminal: (stream: keyof StreamStyles) => boolean, env: Variables): StreamStyles {
  return { stdout: createStyle(isTerminal("stdout"), env), stderr: createStyle(isTerminal("stderr"), env) };
}
