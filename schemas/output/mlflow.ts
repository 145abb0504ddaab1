import { z } from "zod";
import { Name } from "../fields.ts";

const action = {
  model: z.string().describe("the registered model in MLflow"),
  version: z.int().min(1).describe("its version in MLflow"),
  because: z.string(),
};

const Action = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("set-alias"),
    ...action,
    alias: z.string(),
    from: z.int().min(1).nullable().describe("the version that had it"),
  }),
  z.strictObject({ kind: z.literal("remove-alias"), ...action, alias: z.string() }),
  z.strictObject({
    kind: z.literal("set-stage"),
    ...action,
    stage: z.enum(["None", "Staging", "Production", "Archived"]),
    from: z.string(),
  }),
  z.strictObject({ kind: z.literal("set-tag"), ...action, key: z.string(), value: z.string() }),
  z.strictObject({ kind: z.literal("remove-tag"), ...action, key: z.string() }),
]);

const Problem = z.strictObject({ code: z.string(), message: z.string(), hint: z.string() });

/** What `mmsp mlflow sync --json` prints. */
export const MlflowOutput = z.strictObject({
  status: z
    .enum(["synced", "dry-run", "skipped", "failed"])
    .describe("skipped: MLflow said what git says; failed: some actions were done, then one was not"),
  environment: Name,
  alias: z.string(),
  actions: z.array(Action).readonly().describe("what was done; of a dry run, what would be"),
  notices: z.array(z.string()).readonly().describe("what could not be brought to agree, and why"),
  problems: z.array(Problem).readonly().describe("what stopped it"),
});
export type MlflowOutput = z.infer<typeof MlflowOutput>;
