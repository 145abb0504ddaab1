/** gateway/main.ts as a process of its own, as `mmsp up` starts it, with its log as events. */
import { join } from "node:path";

const main = join(import.meta.dir, "..", "..", "gateway", "main.ts");

export interface LogEntry {
  readonly level: string;
  readonly message: string;
  readonly [detail: string]: unknown;
}

type Addresses = Pick<GatewayProcess, "url" | "grpc">;

export interface GatewayProcess extends AsyncDisposable {
  readonly url: string;
  /** Where gRPC is answered, `127.0.0.1:9000`; null where it is not asked for. */
  readonly grpc: string | null;
  readonly pid: number;
  readonly log: readonly LogEntry[];
  /** The first entry with this message, whether it was written already or is yet to come. */
  logged(message: string): Promise<LogEntry>;
  /** kill -9. */
  kill(): Promise<void>;
  /** Sends SIGTERM; resolves with the exit code. */
  terminate(): Promise<number>;
}

/** Resolves when it listens; throws with its log when it ends before. */
export async function startGatewayProcess(variables: Readonly<Record<string, string>>): Promise<GatewayProcess> {
  const { promise: ready, resolve } = Promise.withResolvers<Addresses>();
  const child = Bun.spawn([process.execPath, main], {
    env: { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "", MMSP_PORT: "0", ...variables },
    stdio: ["ignore", "ignore", "pipe"],
    ipc: (message: Addresses) => resolve(message),
  });
  const events = collect(child.stderr);
  const addresses = await Promise.race([ready, child.exited.then(() => null)]);
  if (addresses === null) throw new Error(`the gateway ended: ${JSON.stringify(events.entries)}`);
  const end = async (signal: NodeJS.Signals): Promise<number> => {
    child.kill(signal);
    return child.exited;
  };
  return {
    ...addresses,
    pid: child.pid,
    log: events.entries,
    logged: events.next,
    kill: async () => void (await end("SIGKILL")),
    terminate: () => end("SIGTERM"),
    [Symbol.asyncDispose]: async () => void (await end("SIGKILL")),
  };
}

function collect(stream: ReadableStream<Uint8Array>) {
  const entries: LogEntry[] = [];
  const waiting = new Map<string, PromiseWithResolvers<LogEntry>>();
  async function read(): Promise<void> {
    let rest = "";
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) note(line);
    }
  }
  function note(line: string): void {
    const entry = line.startsWith("{") ? (JSON.parse(line) as LogEntry) : { level: "error", message: line };
    entries.push(entry);
    waiting.get(entry.message)?.resolve(entry);
  }
  void read();
  function next(message: string): Promise<LogEntry> {
    const known = entries.find((entry) => entry.message === message);
    if (known !== undefined) return Promise.resolve(known);
    const wait = waiting.get(message) ?? Promise.withResolvers<LogEntry>();
    waiting.set(message, wait);
    return wait.promise;
  }
  return { entries, next };
}
