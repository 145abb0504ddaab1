import { z } from "zod";
import { Name } from "../fields.ts";
import { SkippedOutput } from "./parts/skipped.ts";

const Stopped = z.strictObject({
  status: z.literal("stopped"),
  environment: Name,
  pid: z.int().min(1),
  killed: z.boolean().describe("it did not end by itself in time"),
});

/** What `mmsp down --json` prints. */
export const DownOutput = z.discriminatedUnion("status", [Stopped, SkippedOutput]);
export type DownOutput = z.infer<typeof DownOutput>;
