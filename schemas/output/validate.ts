import { z } from "zod";
import { list } from "./parts/list.ts";
import { ProblemOutput } from "./parts/problem.ts";

/** What `mmsp validate --json` prints. */
export const ValidateOutput = z.strictObject({
  valid: z.boolean(),
  documents: z.int().min(0).describe("how many were looked at"),
  problems: list(ProblemOutput).describe("everything that is wrong, each with its place"),
  notices: list(ProblemOutput).describe("what is set and has no effect; the documents are valid with it"),
});
export type ValidateOutput = z.infer<typeof ValidateOutput>;
