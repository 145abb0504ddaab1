/** How a process ended, and what it said. */
export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface RunOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A process that goes on until it is stopped. */
export interface Service {
  readonly pid: number;
  readonly exited: Promise<number>;
  /** What it has said on stderr so far, and the next time it says more. */
  stderr(): string;
  changed(): Promise<void>;
}

/** The processes of the demo. None of them outlives it. */
export interface Children {
  /** Runs a command to its end. Rejects with the signal's reason where it was interrupted. */
  run(command: readonly string[], options: RunOptions): Promise<Finished>;
  start(command: readonly string[], options: RunOptions): Service;
  /** SIGTERM to all, and SIGKILL to what is left after a while. */
  stop(): Promise<void>;
  /** SIGKILL to all, without waiting: for the end of this process. */
  kill(): void;
}

/** How long a process may take to end by itself, in milliseconds. */
const patienceMs = 5000;

/**
 * Each child leads a process group of its own (`detached` is setsid). So the terminal's Ctrl-C reaches this process
 * alone, which ends them in order, and a signal to the group reaches what a child has started itself.
 */
export function createChildren(signal: AbortSignal): Children {
  const living = new Map<number, Promise<number>>();

  function track(pid: number, exited: Promise<number>): void {
    living.set(pid, exited);
    // What a leader leaves behind would have nobody to end it.
    void exited.then(() => {
      signalGroup(pid, "SIGKILL");
      living.delete(pid);
    });
  }

  return {
    async run(command, { cwd, env }) {
      signal.throwIfAborted();
      const child = Bun.spawn([...command], { cwd, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
      track(child.pid, child.exited);
      const onAbort = (): void => signalGroup(child.pid, "SIGKILL");
      signal.addEventListener("abort", onAbort, { once: true });
      const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
      signal.removeEventListener("abort", onAbort);
      signal.throwIfAborted();
      return { code, stdout, stderr };
    },

    start(command, { cwd, env }) {
      const child = Bun.spawn([...command], { cwd, env, stdio: ["ignore", "ignore", "pipe"], detached: true });
      track(child.pid, child.exited);
      return { pid: child.pid, exited: child.exited, ...listen(child.stderr) };
    },

    async stop() {
      for (const pid of living.keys()) signalGroup(pid, "SIGTERM");
      const timer = setTimeout(() => killAll(living), patienceMs);
      await Promise.all(living.values());
      clearTimeout(timer);
    },

    kill: () => killAll(living),
  };
}

function killAll(living: ReadonlyMap<number, unknown>): void {
  for (const pid of living.keys()) signalGroup(pid, "SIGKILL");
}

function signalGroup(leader: number, name: NodeJS.Signals): void {
  try {
    process.kill(-leader, name);
  } catch {
    // Nobody is left in the group.
  }
}

function listen(stream: ReadableStream<Uint8Array>): Pick<Service, "stderr" | "changed"> {
  let text = "";
  let next = Promise.withResolvers<void>();
  void (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      text += decoder.decode(chunk, { stream: true });
      next.resolve();
      next = Promise.withResolvers();
    }
    next.resolve();
  })();
  return { stderr: () => text, changed: () => next.promise };
}
