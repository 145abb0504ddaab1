/** What a command says beside its result: lines, and on a terminal one live line below them. */
export interface Stderr {
  say(line: string): void;
  /** Draws over the live line drawn before; an empty one erases it. */
  live(line: string): void;
}

const eraseLine = "\r\u001b[2K";

/** `write` gets all of it; `paint` takes the colours out where they are not wanted. */
export function createStderr(write: (text: string) => void, paint: (text: string) => string): Stderr {
  let drawn = "";
  return {
    say(line) {
      write(drawn === "" ? `${paint(line)}\n` : `${eraseLine}${paint(line)}\n${paint(drawn)}`);
    },
    live(line) {
      if (line === "" && drawn === "") return;
      write(`${eraseLine}${paint(line)}`);
      drawn = line;
    },
  };
}
