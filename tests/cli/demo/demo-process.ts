/** The real demo as a process of its own, and what it leaves behind. */
import { chmodSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../../support/folder.ts";

const main = join(import.meta.dir, "..", "..", "..", "cli", "main.ts");

export interface DemoProcess extends Disposable {
  readonly pid: number;
  readonly exited: Promise<number>;
  stdout(): Promise<string>;
  /** Waits for a text on stderr. Throws where the demo ends before. */
  says(text: string): Promise<void>;
  /** Whether the demo's folder is there. */
  folders(): readonly string[];
  stderr(): string;
}

export function startDemo(args: readonly string[], env: Readonly<Record<string, string>> = {}): DemoProcess {
  const temporary = temporaryFolder();
  const child = Bun.spawn([process.execPath, main, "demo", ...args], {
    env: { ...process.env, TMPDIR: temporary.path, NO_COLOR: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  let next = Promise.withResolvers<void>();
  const read = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of child.stderr) {
      text += decoder.decode(chunk, { stream: true });
      next.resolve();
      next = Promise.withResolvers();
    }
  })();
  const stdout = child.stdout.text();
  return {
    pid: child.pid,
    exited: child.exited,
    stdout: () => stdout,
    stderr: () => text,
    async says(wanted) {
      while (!text.includes(wanted)) {
        const isOver = await Promise.race([next.promise.then(() => false), read.then(() => true)]);
        if (isOver && !text.includes(wanted)) throw new Error(`the demo ended before it said "${wanted}":\n${text}`);
      }
    },
    folders: () => readdirSync(temporary.path),
    [Symbol.dispose]() {
      child.kill("SIGKILL");
      temporary[Symbol.dispose]();
    },
  };
}

/** Processes that `pid` has started, and those that they have, by now. */
export function descendants(pid: number): readonly number[] {
  const listed = Bun.spawnSync(["ps", "-A", "-o", "pid=,ppid="]).stdout.toString().trim().split("\n");
  const parents = listed.map((line) => line.trim().split(/\s+/).map(Number) as [number, number]);
  const found: number[] = [];
  const visit = (parent: number): void => {
    for (const [child, of] of parents) {
      if (of !== parent) continue;
      found.push(child);
      visit(child);
    }
  };
  visit(pid);
  return found;
}

/** Those of them that still run after the time that the dead need to be gone. */
export async function survivors(pids: readonly number[]): Promise<readonly number[]> {
  const deadline = Date.now() + 5000;
  for (;;) {
    const left = pids.filter(isAlive);
    if (left.length === 0 || Date.now() > deadline) return left;
    await Bun.sleep(20);
  }
}

/** A process that has ended but that nobody has asked for yet (Z) is not alive. */
function isAlive(pid: number): boolean {
  const state = Bun.spawnSync(["ps", "-o", "stat=", "-p", String(pid)])
    .stdout.toString()
    .trim();
  return state !== "" && !state.startsWith("Z");
}

/** A folder for the front of PATH with a git that refuses one of its commands. */
export function gitWithout(command: string): { readonly path: string } & Disposable {
  const git = Bun.which("git") ?? "git";
  const script = `#!/bin/sh\ncase " $* " in *" ${command} "*) echo "no ${command} today" >&2; exit 1;; esac\nexec "${git}" "$@"\n`;
  const folder = temporaryFolder({ git: script });
  chmodSync(join(folder.path, "git"), 0o755);
  return folder;
}
