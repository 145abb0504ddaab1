import { z } from "zod";
import { list } from "./list.ts";
import { ProblemOutput } from "./problem.ts";

/** Where the waiting for a change ended: `end` of what a command prints under --wait --json. */
export const WaitEndOutput = z.strictObject({
  state: z
    .enum(["merged", "applied", "served", "stopped"])
    .describe("applied: merged, and Argo CD has it synced and healthy; served: the environment's gateway serves it"),
  commit: z.string().nullable().describe("on the base branch; null where it is not merged"),
  argocd: list(
    z.strictObject({
      application: z.string(),
      sync: z.string(),
      health: z.string(),
      revision: z.string().describe("the commit that it was compared with last"),
    }),
  )
    .nullable()
    .describe("Argo CD's applications of what was changed; null where none was waited for, and where it stopped"),
  gateway: z.string().nullable().describe("address of the gateway that serves it"),
  problem: ProblemOutput.nullable().describe("why it stopped; null where it did not"),
});
export type WaitEndOutput = z.infer<typeof WaitEndOutput>;
