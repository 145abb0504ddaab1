/**
 * Where the command line prints. Reading Node's `process.stdout`, even to ask whether it is a terminal, loads sockets and
 * streams: that takes longer than most commands do, so that it is left for those which draw on a terminal.
 */

/** Resolves when all of it is written. Whoever reads may stop early, as `head` does: then there is nobody to tell. */
export async function printOut(text: string): Promise<void> {
  if (text === "") return;
  await Bun.write(Bun.stdout, text).catch(ignoreBrokenPipe);
}

let errors: NodeJS.WriteStream | undefined;

/** In the order of the calls, and before those of `printOut` that come later. */
export function printError(text: string): void {
  if (text === "") return;
  errors ??= process.stderr.on("error", ignoreBrokenPipe);
  errors.write(text);
}

/**
 * Whether a stream is a terminal. Bun looks at both when it starts: where it would use no colours, though nobody has turned
 * them off, neither is one, and no stream has to be loaded to say so.
 */
export function isTerminal(stream: "stdout" | "stderr"): boolean {
  if (!Bun.enableANSIColors && process.env["NO_COLOR"] === undefined) return false;
  return process[stream].isTTY;
}

/** Of the terminal that is printed on; null where there is none. */
export function terminalColumns(): number | null {
  return isTerminal("stdout") ? process.stdout.columns || 80 : null;
}

function ignoreBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}
