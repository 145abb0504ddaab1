/**
 * `bun run check`: everything that must hold before a change lands, in one command. It needs nothing installed but Bun
 * and git; its last line counts the tests: `N passed, N failed`.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface Step {
  readonly name: string;
  readonly command: readonly string[];
}

const bun = process.execPath;
const scratch = mkdtempSync(join(tmpdir(), "mmsp-check-"));
const junit = join(scratch, "junit.xml");
// What tests leave there goes with it; the path is short, since sockets' paths may not be long.
const temporary = join(scratch, "t");
mkdirSync(temporary);

const steps: readonly Step[] = [
  { name: "install", command: [bun, "install", "--frozen-lockfile"] },
  { name: "types", command: [bun, "x", "--bun", "--no-install", "tsc", "--noEmit"] },
  { name: "lint", command: [bun, "x", "--bun", "--no-install", "oxlint", "--type-aware", "--deny-warnings"] },
  { name: "format", command: [bun, "x", "--bun", "--no-install", "oxfmt", "--check"] },
  { name: "dead code", command: [bun, "x", "--bun", "--no-install", "knip"] },
  { name: "secrets", command: [bun, "tests/committed-secrets.ts"] },
  { name: "generated files", command: [bun, "schemas/generate.ts", "--check"] },
  { name: "reference in the README", command: [bun, "cli/reference/generate.ts", "--check"] },
  { name: "sample tree", command: [bun, "cli/main.ts", "validate"] },
  { name: "kustomize", command: [bun, "tests/kustomize.ts"] },
  // A busy machine is slow; the time is for what hangs.
  {
    name: "tests",
    command: [
      bun,
      "test",
      "--parallel",
      "--no-isolate",
      "--timeout=30000",
      "--reporter=junit",
      `--reporter-outfile=${junit}`,
    ],
  },
];

const env = { ...process.env, TMPDIR: temporary };
let broken = 0;
for (const { name, command } of steps) {
  const started = performance.now();
  process.stdout.write(`\n== ${name}\n`);
  const exitCode = await Bun.spawn([...command], { stdio: ["ignore", "inherit", "inherit"], env }).exited;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stdout.write(`== ${name}: ${exitCode === 0 ? "ok" : `FAILED (exit code ${exitCode})`} in ${seconds} s\n`);
  // Tests count one by one below; of the other steps each failure is one.
  if (exitCode !== 0 && name !== "tests") broken++;
  if (exitCode !== 0 && name === "install") break;
}

const report = Bun.file(junit);
const counts = (await report.exists()) ? countTests(await report.text()) : { tests: 0, failures: 1, skipped: 0 };
rmSync(scratch, { recursive: true, force: true });
if (counts.skipped > 0) process.stdout.write(`\n${counts.skipped} tests were skipped, and none may be\n`);
const failed = counts.failures + counts.skipped + broken;
process.stdout.write(`\n${counts.tests - counts.failures - counts.skipped} passed, ${failed} failed\n`);
process.exitCode = failed === 0 && counts.tests > 0 ? 0 : 1;

/** Totals of the root element of a JUnit report. */
function countTests(xml: string): { tests: number; failures: number; skipped: number } {
  const root = /<testsuites\b[^>]*>/.exec(xml)?.[0] ?? "";
  const count = (name: string): number => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(root)?.[1] ?? 0);
  return { tests: count("tests"), failures: count("failures") + count("errors"), skipped: count("skipped") };
}
