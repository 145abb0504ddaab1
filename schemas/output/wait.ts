import { z } from "zod";

/** `Problem` of problem.ts, as programs get it. */
const ProblemOutput = z.strictObject({
  code: z.string(),
  message: z.string(),
  hint: z.string(),
  file: z.string().optional(),
  line: z.int().min(1).optional(),
  column: z.int().min(1).optional(),
  path: z.string().optional(),
});

/** Where the waiting for a change ended: `end` of what a command prints under --wait --json. */
export const WaitEndOutput = z.strictObject({
  state: z.enum(["merged", "served", "stopped"]).describe("served: merged, and the environment's gateway serves it"),
  commit: z.string().nullable().describe("on the base branch; null where it is not merged"),
  gateway: z.string().nullable().describe("address of the gateway that serves it"),
  problem: ProblemOutput.nullable().describe("why it stopped; null where it did not"),
});
export type WaitEndOutput = z.infer<typeof WaitEndOutput>;

/** What `mmsp wait --json` prints. */
export const WaitOutput = z.strictObject({ pullRequest: z.int().min(1), end: WaitEndOutput });
export type WaitOutput = z.infer<typeof WaitOutput>;
