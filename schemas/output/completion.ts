import { z } from "zod";

/** What `mmsp completion --json` prints. */
export const CompletionOutput = z.strictObject({
  shell: z.enum(["bash", "zsh", "fish"]),
  script: z.string().describe("to be evaluated by the shell"),
});
export type CompletionOutput = z.infer<typeof CompletionOutput>;
