import { z } from "zod";
import { list } from "./list.ts";

/** What `mmsp init --check --json` prints. */
export const InitCheckOutput = z.strictObject({
  ready: z.boolean().describe("nothing that is required is missing"),
  repository: z.string().describe("owner/name on GitHub"),
  baseBranch: z.string(),
  findings: list(
    z.strictObject({
      code: z.string().describe("stable, kebab-case: required-check"),
      state: z.enum(["ok", "missing", "unknown"]).describe("unknown: the token may not see it"),
      isRequired: z.boolean().describe("without it mmsp does not work, or what it promises does not hold"),
      says: z.string(),
      hint: z.string().nullable().describe("what to do next; null where it is well"),
    }),
  ),
});
export type InitCheckOutput = z.infer<typeof InitCheckOutput>;
