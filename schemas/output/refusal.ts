import { z } from "zod";
import { ProblemOutput } from "./parts/problem.ts";
import { list } from "./parts/list.ts";

/**
 * What every command prints where it was refused, failed (exit code 1) or was called in a wrong way (`usage`, exit code 2). The
 * generator adds it to the output of each command.
 */
export const RefusalOutput = z.strictObject({
  status: z.literal("refused"),
  problems: list(ProblemOutput).describe("everything that is in the way"),
});
export type RefusalOutput = z.infer<typeof RefusalOutput>;
