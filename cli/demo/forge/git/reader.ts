/**
 * Reads objects through one long-lived `git cat-file --batch`: a tree of a thousand models is two thousand reads,
 * and a process for each would take seconds.
 */
import { gitEnvironment } from "./run.ts";
import { bufferStream, type BufferedStream } from "./stream.ts";

export type ObjectType = "blob" | "tree" | "commit" | "tag";

export interface GitObject {
  readonly oid: string;
  readonly type: ObjectType;
  readonly bytes: Buffer;
}

export interface ObjectReader {
  /** The object that a revision expression names (`<oid>`, `refs/heads/main`, `main:path/to/file`), or null. */
  read(expression: string): Promise<GitObject | null>;
  close(): Promise<void>;
}

export function openObjectReader(gitDir: string): ObjectReader {
  const child = Bun.spawn(["git", `--git-dir=${gitDir}`, "cat-file", "--batch"], {
    env: gitEnvironment(),
    stdin: "pipe",
    stdout: "pipe",
    stderr: "ignore",
  });
  const input = bufferStream(child.stdout);

  // Answers come in the order of the questions, so each reader waits for the one before it; questions do not wait.
  let previous: Promise<unknown> = Promise.resolve();
  return {
    async read(expression) {
      if (expression === "" || /[\n\0]/.test(expression)) return null;
      // Asked and queued for in one step: nothing may come between the two.
      const asked = child.stdin.write(`${expression}\n`);
      const answer = previous.then(() => readAnswer(input));
      previous = answer.catch(() => undefined);
      await asked;
      await child.stdin.flush();
      return answer;
    },
    async close() {
      await child.stdin.end();
      await child.exited;
    },
  };
}

/** `<oid> <type> <size>` LF contents LF, or `<expression> missing`. */
async function readAnswer(input: BufferedStream): Promise<GitObject | null> {
  const header = await input.line();
  const match = /^([0-9a-f]{40,64}) (blob|tree|commit|tag) (\d+)$/.exec(header);
  if (!match) return null;
  const [, oid = "", type = "", size = ""] = match;
  const bytes = await input.take(Number(size));
  await input.take(1);
  return { oid, type: type as ObjectType, bytes };
}
