import { z } from "zod";
import { ProblemOutput } from "./problem.ts";

/** Where the waiting for a change ended: `end` of what a command prints under --wait --json. */
export const WaitEndOutput = z.strictObject({
  state: z.enum(["merged", "served", "stopped"]).describe("served: merged, and the environment's gateway serves it"),
  commit: z.string().nullable().describe("on the base branch; null where it is not merged"),
  gateway: z.string().nullable().describe("address of the gateway that serves it"),
  problem: ProblemOutput.nullable().describe("why it stopped; null where it did not"),
});
export type WaitEndOutput = z.infer<typeof WaitEndOutput>;
