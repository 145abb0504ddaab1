import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Which half of the machine a process runs on; server and load generator must not take each other's time. */
export type Core = "server" | "load";

/** A script in a process of its own, which listens at `url` (empty where it serves nothing) and may be asked things. */
export interface Service extends AsyncDisposable {
  readonly pid: number;
  readonly url: string;
  /** Sends a question and resolves with the answer. One at a time. */
  ask<Answer>(question: object): Promise<Answer>;
}

export interface ServiceOptions {
  readonly core: Core;
  readonly scratch: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What runs the script. Default: this Bun. */
  readonly program?: string;
}

const startMs = 60_000;
const answerMs = 60_000;
let started = 0;

/** Starts a script that says `{url}` through its IPC channel when it is ready. Throws with the end of its log otherwise. */
export async function startService(script: string, options: ServiceOptions): Promise<Service> {
  const { core, scratch, args = [], env = {} } = options;
  const logFile = join(scratch, `service-${started++}.log`);
  const { promise: ready, resolve: sayReady } = Promise.withResolvers<string>();
  let answer: (value: unknown) => void = () => {};
  const child = Bun.spawn(pinned(core, [process.execPath, script, ...args]), {
    env: { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "", ORT_DISABLE_TELEMETRY: "1", ...env },
    stdio: ["ignore", "ignore", Bun.file(logFile)],
    serialization: "json",
    ipc: (message: unknown) => {
      if (typeof message !== "object" || message === null) return;
      if ("url" in message) sayReady(String(message.url));
      if ("answer" in message) answer(message.answer);
    },
  });
  const gone = child.exited.then((code): never => {
    throw new Error(`${script} ended with ${code}: ${readFileSync(logFile, "utf8").slice(-2000)}`);
  });
  gone.catch(() => undefined); // whoever waits for it is told; at the end nobody does
  const url = await within(startMs, `${script} did not start`, Promise.race([ready, gone]));
  return {
    pid: child.pid,
    url,
    async ask<Answer>(question: object) {
      const { promise, resolve } = Promise.withResolvers<unknown>();
      answer = resolve;
      child.send(question);
      return (await within(answerMs, `${script} did not answer`, Promise.race([promise, gone]))) as Answer;
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

/** In the child: says that it is ready, answers questions one by one, and ends with who started it. */
export function serveQuestions(url: string, answer: (question: never) => unknown): void {
  process.on("message", (question) => {
    void Promise.resolve(answer(question as never)).then((value) => process.send?.({ answer: value }));
  });
  process.on("disconnect", () => process.exit(0));
  process.send?.({ url });
}

/** The command on its half of the machine: where Linux has `taskset` and more than one core, otherwise anywhere. */
export function pinned(core: Core, command: readonly string[]): string[] {
  const own = cores();
  const chosen = core === "server" ? own.at(0) : own.at(-1);
  return own.length < 2 || chosen === undefined ? [...command] : ["taskset", "-c", chosen, ...command];
}

let known: readonly string[] | undefined;

/** Numbers of the cores that this process may use; none where that cannot be told. */
function cores(): readonly string[] {
  known ??= Bun.which("taskset") === null ? [] : expand(affinity());
  return known;
}

function affinity(): string {
  const { stdout } = Bun.spawnSync(["taskset", "-cp", String(process.pid)]);
  return stdout.toString().split(":").at(-1)?.trim() ?? "";
}

/** `0-2,5` -> 0 1 2 5 */
function expand(list: string): readonly string[] {
  return list.split(",").flatMap((part) => {
    const [first, last = first] = part.split("-").map(Number);
    if (first === undefined || last === undefined || Number.isNaN(first) || Number.isNaN(last)) return [];
    return Array.from({ length: last - first + 1 }, (_, at) => String(first + at));
  });
}

/** CPU seconds that a process has used with all its threads; null where the system does not tell (it does on Linux). */
export function cpuSeconds(pid: number): number | null {
  try {
    // The name may hold spaces; what follows it does not. Fields 14 and 15 of proc(5), in ticks of a hundredth of a second.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return null;
  }
}

async function within<T>(ms: number, message: string, promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${message} within ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
