/**
 * Reads objects through one long-lived `git cat-file --batch`: a tree of a thousand models is two thousand reads,
 * and a process for each would take seconds.
 */
import { gitEnvironment } from "./run.ts";

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

interface BufferedStream {
  line(): Promise<string>;
  take(size: number): Promise<Buffer>;
}

function bufferStream(stream: ReadableStream<Uint8Array>): BufferedStream {
  const reader = stream.getReader();
  let pending = Buffer.alloc(0);

  /** Reads on until `size` bytes are there; joins the chunks once, not one by one (a model is megabytes). */
  async function fill(size: number): Promise<void> {
    const chunks: Uint8Array[] = [pending];
    let length = pending.length;
    while (length < size) {
      const { done, value } = await reader.read();
      if (done) throw new Error("git cat-file ended while it was still needed");
      chunks.push(value);
      length += value.length;
    }
    if (chunks.length > 1) pending = Buffer.concat(chunks);
  }

  async function take(size: number): Promise<Buffer> {
    await fill(size);
    const bytes = pending.subarray(0, size);
    pending = pending.subarray(size);
    return bytes;
  }

  return {
    take,
    async line() {
      let end = pending.indexOf(10);
      while (end === -1) {
        await fill(pending.length + 1);
        end = pending.indexOf(10);
      }
      const text = (await take(end)).toString("utf8");
      await take(1);
      return text;
    },
  };
}
