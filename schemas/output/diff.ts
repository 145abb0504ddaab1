import { z } from "zod";

const Value = z.string().nullable().describe("null: nothing there");

/** `mmsp diff --json`: what the working tree changes against a commit, or where two environments differ. */
export const DiffOutput = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("tree"),
    base: z.string().describe("what the working tree is compared with: HEAD, a revision, or a branch on GitHub"),
    commit: z.string(),
    differences: z.array(
      z.strictObject({
        environment: z.string().nullable(),
        model: z.string().nullable(),
        version: z.int().nullable().describe("of a registered version"),
        what: z.string().describe("stable, canary 3, slo.errorRate..."),
        from: Value,
        to: Value,
      }),
    ),
    unreadable: z.array(z.string()).describe("documents that are broken on either side, and not compared"),
  }),
  z.strictObject({
    kind: z.literal("environments"),
    environments: z.tuple([z.string(), z.string()]),
    differences: z.array(
      z.strictObject({ model: z.string(), what: z.string(), values: z.tuple([Value, Value]).readonly() }),
    ),
    unreadable: z.array(z.string()),
  }),
]);
export type DiffOutput = z.infer<typeof DiffOutput>;
