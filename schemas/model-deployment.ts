import { z } from "zod";
import { apiVersion, Attempt, Duration, Line, Metadata, Name, Percent, Slo, Timestamp, Version } from "./fields.ts";

/** The version that answers by default, and the rollout that brought it. */
export const Stable = z.strictObject({ version: Version, attempt: Attempt, since: Timestamp });
export type Stable = z.infer<typeof Stable>;

/** Weights that a canary goes through before it becomes stable, ascending (rules.ts). */
const Steps = z
  .array(Percent.min(1))
  .min(1)
  .max(20)
  .describe("canary weights in ascending order, instead of the environment's");

/** The version on trial and its share of traffic in percent. */
export const Canary = z.strictObject({
  version: Version,
  attempt: Attempt,
  since: Timestamp,
  weight: Percent,
  steps: Steps.optional(),
});
export type Canary = z.infer<typeof Canary>;

/** Phases that an alert or a person can take a version out of. */
export const phases = ["stable", "canary"] as const;
export type Phase = (typeof phases)[number];

/** Who took a version out. */
export const judges = ["guard", "alert", "person"] as const;
export type Judge = (typeof judges)[number];

/** A version taken out. `evidence` is untrusted text: one line each, at most 1 KiB in all (rules.ts). */
export const Rejection = z.strictObject({
  version: Version,
  attempt: Attempt,
  at: Timestamp,
  phase: z.enum(phases),
  by: z.enum(judges),
  reason: Line,
  evidence: z.record(z.string(), Line).optional(),
});
export type Rejection = z.infer<typeof Rejection>;

/** How ONNX Runtime opens a model, where it is not as it would by itself. */
const SessionOptions = {
  intraOpThreads: z.int().min(1).max(256).optional(),
  interOpThreads: z
    .int()
    .min(1)
    .max(256)
    .optional()
    .describe("a number of threads across operators, for executionMode parallel"),
  executionMode: z.enum(["sequential", "parallel"]).optional().describe("parallel runs operators at the same time"),
  graphOptimization: z
    .enum(["disabled", "basic", "extended", "layout", "all"])
    .optional()
    .describe("a level to which the graph is rewritten at loading; all unless set"),
  memoryArena: z
    .boolean()
    .optional()
    .describe("true or false; false gives memory back after each call, which takes time"),
};

/** What an environment serves of one model. The readers act on its effective form, see effective.ts. */
export const ModelDeployment = z.strictObject({
  apiVersion: z.literal(apiVersion),
  kind: z.literal("ModelDeployment"),
  metadata: Metadata,
  spec: z.strictObject({
    model: Name,
    stable: Stable,
    canary: Canary.optional(),
    shadow: z.strictObject({ version: Version, percent: Percent }).optional(),
    previous: z.array(Version).max(5).optional().describe("earlier stable versions, newest first"),
    rejected: z.array(Rejection).optional(),
    routing: z
      .strictObject({
        stickyBy: z
          .string()
          .regex(/^header:[A-Za-z0-9-]+$/)
          .optional()
          .describe("requests with the same value of this header get the same version"),
      })
      .optional(),
    slo: Slo.optional(),
    rollback: z
      .strictObject({
        automatic: z.boolean().optional(),
        window: Duration.optional().describe("a stable version served for longer is not rolled back by an alert"),
      })
      .optional(),
    serving: z
      .strictObject({
        timeoutMs: z.int().min(1).max(600000).optional().describe("deadline of one request, in milliseconds"),
        ...SessionOptions,
      })
      .optional(),
    lock: z.strictObject({ reason: Line, by: Line, at: Timestamp }).optional(),
  }),
});
export type ModelDeployment = z.infer<typeof ModelDeployment>;
