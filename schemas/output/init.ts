import { z } from "zod";
import { InitCheckOutput } from "./parts/init-check.ts";
import { list } from "./parts/list.ts";

const LaidOut = z.strictObject({
  status: z.enum(["written", "skipped"]).describe("skipped: every file was there"),
  repository: z.string().describe("owner/name on GitHub, or the address of another git remote"),
  wrote: list(z.string()).describe("paths of new files"),
  kept: list(z.string()).describe("paths of files that were there, and are as they were"),
});

const DryRun = z.strictObject({
  status: z.literal("dry-run").describe("nothing was written"),
  repository: z.string(),
  wrote: list(z.string()).describe("paths of files that would be new"),
  kept: list(z.string()).describe("paths of files that are there, and would stay as they are"),
  diff: z.string().describe("unified diff; empty where nothing would change"),
});

/** What `mmsp init --json` prints: what it laid out or would, or with `--check` what it found. */
export const InitOutput = z.union([LaidOut, DryRun, InitCheckOutput]);
export type InitOutput = z.infer<typeof InitOutput>;
