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

/** Whether stdout is a terminal that takes colours. Where Bun would use none, no stream has to be asked. */
export function isColourful(): boolean {
  return Bun.enableANSIColors && process.stdout.isTTY;
}

/** Whether a line may be drawn and drawn again. */
export function isTerminal(): boolean {
  return process.stderr.isTTY && process.stdout.isTTY;
}

function ignoreBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}
