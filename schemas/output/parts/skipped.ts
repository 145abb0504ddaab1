import { z } from "zod";

/** Nothing to do: exit code 0. */
export const SkippedOutput = z.strictObject({
  status: z.literal("skipped"),
  reason: z.string().describe("why there is nothing to do"),
});
export type SkippedOutput = z.infer<typeof SkippedOutput>;
