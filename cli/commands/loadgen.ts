import { resolve } from "node:path";
import type { LoadgenOutput } from "../../schemas/output/loadgen.ts";
import type { Command } from "../command.ts";
import type { Context } from "../context.ts";
import { UsageError, type Input } from "../flags.ts";
import type { LoadRun } from "../loadgen/load.ts";
import { fetchInputs } from "../loadgen/metadata.ts";
import { formatLive, formatSummary } from "../loadgen/report.ts";
import { openRows } from "../loadgen/rows.ts";
import { runLoad } from "../loadgen/run.ts";
import { parseSticky } from "../loadgen/sticky.ts";
import { synthesiseRows } from "../loadgen/synthetic.ts";
import { DEFAULT_GATEWAY, parseGateway } from "../loadgen/target.ts";

export const loadgen: Command = {
  summary: "Send predictions at a fixed rate and count who answered what, how fast",
  usage: "--rps N --duration S [--gateway URL] [--model M] [--data FILE]",
  details:
    "Requests go out on time whatever the answers take, so a slow gateway cannot hide behind fewer requests. Rows come\n" +
    "from a Parquet, .json or .jsonl file, or as JSON lines from standard input with `--data -`, in their order, again and\n" +
    "again. Where the rows have a label, the accuracy of each version is counted.",
  flags: {
    rps: { type: "string", value: "N", help: "requests a second" },
    duration: { type: "string", value: "S", help: "seconds; 0: until Ctrl-C" },
    gateway: { type: "string", value: "URL", help: `default: ${DEFAULT_GATEWAY}` },
    model: { type: "string", value: "M", help: "default: the gateway's only one" },
    data: { type: "string", value: "FILE", help: "rows to send; default: made up from the model's signature" },
    label: { type: "string", value: "COLUMN", help: "column with the truth; default: target, where there is one" },
    sticky: { type: "string", value: "H=V", help: "send header H; {1..N} in the value counts through N callers" },
  },
  maxArgs: 0,
  examples: [
    "mmsp loadgen --rps 100 --duration 30 --model breast-cancer --data examples/data/breast-cancer/heldout.parquet",
    "mmsp loadgen --rps 20 --duration 0 --gateway http://127.0.0.1:8080",
    "mmsp loadgen --rps 50 --duration 10 --sticky 'x-user-id=user-{1..1000}' --json",
  ],

  async run(input, context) {
    const rps = positive(input, "rps", false);
    const seconds = positive(input, "duration", true);
    const gateway = parseGateway(input.text("gateway") ?? DEFAULT_GATEWAY);
    const model = input.text("model") ?? null;
    const sticky = input.text("sticky");
    const data = input.text("data");
    const label = input.text("label");
    const source = data === undefined || data === "-" ? data : resolve(context.cwd, data);
    await using rows =
      source === undefined
        ? synthesiseRows(await fetchInputs(gateway, model, context.signal))
        : await openRows(source, {
            ...(label === undefined ? {} : { label }),
            input: Bun.stdin.stream(),
            signal: context.signal,
          });
    const run = runLoad(
      {
        gateway,
        model,
        rps,
        durationSeconds: seconds === 0 ? null : seconds,
        ...(sticky === undefined ? {} : { sticky: parseSticky(sticky) }),
      },
      { rows },
    );
    context.signal.addEventListener("abort", () => run.stop(), { once: true });
    const summary = await watched(run, context);
    const json: LoadgenOutput = summary;
    return { kind: "report", text: `${formatSummary(summary).trimEnd()}\n`, json, ok: summary.ok > 0 };
  },
};

/** Draws a live line on a terminal while the load runs. */
async function watched(run: LoadRun, context: Context): Promise<Awaited<LoadRun["done"]>> {
  const timer = context.isTerminal ? setInterval(() => context.live(formatLive(run.snapshot())), 500) : undefined;
  try {
    return await run.done;
  } finally {
    clearInterval(timer);
    if (context.isTerminal) context.live("");
  }
}

function positive(input: Input, flag: string, orZero: boolean): number {
  const text = input.text(flag);
  if (text === undefined) throw new UsageError(`--${flag} is missing`);
  const value = Number(text);
  const valid = Number.isFinite(value) && (orZero ? value >= 0 : value > 0) && text.trim() !== "";
  if (!valid) throw new UsageError(`--${flag} takes a number ${orZero ? "from 0" : "above 0"}, not "${text}"`);
  return value;
}
