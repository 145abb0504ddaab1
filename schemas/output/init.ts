import { z } from "zod";
import { InitCheckOutput } from "./parts/init-check.ts";
import { list } from "./parts/list.ts";

const LaidOut = z.strictObject({
  status: z.enum(["written", "skipped"]).describe("skipped: every file was there"),
  repository: z.string().describe("owner/name on GitHub, or the address of another git remote"),
  wrote: list(z.string()).describe("paths of new files"),
  kept: list(z.string()).describe("paths of files that were there, and are as they were"),
});

/** What `mmsp init --json` prints: what it laid out, or with `--check` what it found. */
export const InitOutput = z.union([LaidOut, InitCheckOutput]);
export type InitOutput = z.infer<typeof InitOutput>;
