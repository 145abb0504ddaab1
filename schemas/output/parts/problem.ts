import { z } from "zod";

/** `Problem` of problem.ts, as programs get it. */
export const ProblemOutput = z.strictObject({
  code: z.string().describe("stable, kebab-case: version-unknown"),
  message: z.string(),
  hint: z.string().describe("what to do next"),
  file: z.string().optional(),
  line: z.int().min(1).optional(),
  column: z.int().min(1).optional(),
  path: z.string().optional().describe("the place inside the document: spec.canary.weight"),
});
export type ProblemOutput = z.infer<typeof ProblemOutput>;
