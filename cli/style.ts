/** Colours for a terminal; each returns its text unchanged where colour is not wanted. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
}

/** SGR codes on a terminal; never under NO_COLOR (https://no-color.org) and never in a pipe. */
export function createStyle(isTerminal: boolean, env: Readonly<Record<string, string | undefined>>): Style {
  const coloured = isTerminal && !env["NO_COLOR"] && env["TERM"] !== "dumb";
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
