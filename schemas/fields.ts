import { z } from "zod";

/** The only version of the documents so far. */
export const apiVersion = "mmsp.dev/v1alpha1";

/** A DNS label, because models and environments become Kubernetes objects, branches and folders. */
export const Name = z
  .string()
  .max(63)
  .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/)
  .describe("lower-case letters, digits and dashes, as in a DNS label");

/** Model versions count 1, 2, 3... */
export const Version = z.int().min(1).max(2147483647).describe("a whole number from 1");

/** Numbers a rollout of a model in an environment; see ModelDeployment. */
export const Attempt = z.int().min(1).max(2147483647).describe("the number of the rollout, from 1");

/** RFC 3339 in UTC, seconds or milliseconds: what `Date.toISOString` writes. */
export const Timestamp = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z$/)
  .describe("a time in UTC such as 2026-11-21T08:00:00Z");

/** `90s`, `15m`, `72h`, `7d`. */
export const Duration = z
  .string()
  .regex(/^[1-9]\d{0,5}(s|m|h|d)$/)
  .describe("a duration such as 90s, 15m, 72h or 7d");

/** A share of traffic in percent, whole numbers: Kubernetes has no floats in structural schemas that people trust. */
export const Percent = z.int().min(0).max(100).describe("a whole percentage from 0 to 100");

/** SHA-256 in lower-case hex. */
export const Sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .describe("a SHA-256 digest: 64 lower-case hex digits");

/** One line of text that somebody may read in a terminal or a pull request. */
export const Line = z
  .string()
  .max(512)
  .regex(/^\P{Cc}*$/u)
  .describe("one line of text");

/** Labels and annotations are people's; mmsp never touches them. */
export const Metadata = z.strictObject({
  name: z
    .string()
    .max(253)
    .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/)
    .describe("lower-case letters, digits, dashes and dots"),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});

/** What the guard holds a canary to. Every field is optional; see `sloOf` in defaults.ts for the order of defaults. */
export const Slo = z.strictObject({
  errorRate: z.number().gt(0).lt(1).optional().describe("allowed share of failed attempts, 0..1"),
  latencyP95Ms: z.number().gt(0).optional().describe("95 % of answers are faster than this, in milliseconds"),
  drift: z.number().gt(0).optional().describe("allowed drift score of a feature"),
  minRequests: z.int().min(1).optional().describe("no verdict before so many attempts"),
  windowSeconds: z.int().min(1).max(86400).optional().describe("length of the guard's windows, in seconds"),
});
export type Slo = z.infer<typeof Slo>;

/** `file:///dir`, `s3://bucket/prefix`, or a path inside the repository. */
export const ArtifactStore = z
  .string()
  .regex(
    /^(file:\/\/\/.+|s3:\/\/[a-z0-9][a-z0-9.-]+(\/.*)?|[A-Za-z0-9_][A-Za-z0-9._-]*(\/[A-Za-z0-9_][A-Za-z0-9._-]*)*\/?)$/,
  )
  .describe("file:///dir, s3://bucket/prefix, or a path inside the repository");
