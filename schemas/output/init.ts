import { z } from "zod";
import { list } from "./parts/list.ts";

/** What `mmsp init --json` prints. */
export const InitOutput = z.strictObject({
  status: z.enum(["written", "skipped"]).describe("skipped: every file was there"),
  repository: z.string().describe("owner/name on GitHub"),
  wrote: list(z.string()).describe("paths of new files"),
  kept: list(z.string()).describe("paths of files that were there, and are as they were"),
});
export type InitOutput = z.infer<typeof InitOutput>;
