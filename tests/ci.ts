/**
 * What CI runs, found by name in package.json: `check`, then every `e2e:*`, then `fuzz` for a few minutes. All of them, also
 * where one fails. The last line counts: `N passed, N failed`.
 */
import { readFileSync } from "node:fs";

interface Part {
  readonly name: string;
  readonly args: readonly string[];
  /** A part that hangs must not take the others' time. */
  readonly limitMinutes: number;
}

const fuzzMinutes = 5;
/** Other histories each time. The seed of one that fails is printed, and counts only where it fails again. */
const fuzzArgs = ["--minutes", String(fuzzMinutes)];

const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Readonly<Record<string, string>> };
const names = Object.keys(scripts);
const parts: readonly Part[] = [
  ...names.filter((name) => name === "check").map((name) => ({ name, args: [], limitMinutes: 30 })),
  ...names
    .filter((name) => name.startsWith("e2e:"))
    .toSorted()
    .map((name) => ({ name, args: [], limitMinutes: 20 })),
  ...names.filter((name) => name === "fuzz").map((name) => ({ name, args: fuzzArgs, limitMinutes: fuzzMinutes + 5 })),
];

let passed = 0;
let failed = 0;
for (const part of parts) {
  const started = performance.now();
  process.stdout.write(`\n==== ${part.name}\n`);
  const counts = await run(part);
  passed += counts.passed;
  failed += counts.failed;
  const minutes = ((performance.now() - started) / 60_000).toFixed(1);
  process.stdout.write(`==== ${part.name}: ${counts.passed} passed and ${counts.failed} failed in ${minutes} min\n`);
}
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

/**
 * Runs a part to its end. What it counts itself counts; a part that counts nothing is one test. Its own closing line is taken
 * out of the output, which is to have one.
 */
async function run({ name, args, limitMinutes }: Part): Promise<{ readonly passed: number; readonly failed: number }> {
  const child = Bun.spawn([process.execPath, "run", "--silent", name, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
    // A group of its own, so that what it has started ends with it.
    detached: true,
  });
  const stop = (): void => {
    try {
      process.kill(-child.pid, "SIGTERM");
    } catch {
      // It has ended by itself.
    }
  };
  const onSignal = (): void => {
    stop();
    process.exit(130);
  };
  process.once("SIGINT", onSignal).once("SIGTERM", onSignal);
  const timer = setTimeout(() => {
    process.stdout.write(`==== ${name} has not ended after ${limitMinutes} min, and is stopped\n`);
    stop();
  }, limitMinutes * 60_000);
  let counts = { passed: 0, failed: 0 };
  for await (const line of linesOf(child.stdout)) {
    const [, good, bad] = /^(\d+) passed, (\d+) failed$/.exec(line) ?? [];
    if (good === undefined) process.stdout.write(`${line}\n`);
    else counts = { passed: counts.passed + Number(good), failed: counts.failed + Number(bad) };
  }
  const exitCode = await child.exited;
  clearTimeout(timer);
  process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
  if (exitCode !== 0 && counts.failed === 0) return { ...counts, failed: 1 };
  return counts.passed + counts.failed === 0 ? { passed: 1, failed: 0 } : counts;
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}
