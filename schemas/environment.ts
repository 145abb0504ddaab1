import { z } from "zod";
import { apiVersion, ArtifactStore, Line, Metadata, Name, Percent, Slo, Timestamp } from "./fields.ts";

/** An address that people put in the file: http or https, no credentials in it. */
const Address = z
  .string()
  .regex(/^https?:\/\/[^\s@]+$/)
  .describe("an http or https address without a user or password");

/** The policy of one environment. Read by mmsp and the gateway, not applied to a cluster. */
export const Environment = z.strictObject({
  apiVersion: z.literal(apiVersion),
  kind: z.literal("Environment"),
  metadata: Metadata,
  spec: z.strictObject({
    namespace: Name,
    backend: z.enum(["triton", "kserve", "embedded"]),
    artifactStore: ArtifactStore.optional().describe(
      "file:///dir, s3://bucket/prefix, or a path inside the repository; default: the one of mmsp.yaml",
    ),
    promotesTo: Name.optional(),
    steps: z.array(Percent.min(1)).min(1).optional().describe("canary weights, default 10, 50, 100"),
    publish: z
      .strictObject({
        rollback: z.enum(["commit", "pull-request", "dispatch"]).optional().describe("automatic ones, default commit"),
        autoMerge: z
          .boolean()
          .optional()
          .describe("rollback pull requests merge once the branch rules allow, default true but for prod"),
      })
      .optional(),
    slo: Slo.optional(),
    freeze: z
      .array(z.strictObject({ from: Timestamp, to: Timestamp, reason: Line }))
      .optional()
      .describe("no deploy and no promote in these times; rollbacks always go"),
    gateway: z
      .strictObject({
        maxBodyBytes: z.int().min(1024).optional(),
        timeoutMs: z.int().min(1).max(600000).optional(),
        modelMemoryMib: z
          .int()
          .min(1)
          .optional()
          .describe("a limit in MiB for the files of loaded models; what gets traffic is loaded all the same"),
        replicas: z.int().min(1).max(1000).optional().describe("the guard divides its allowed error by it"),
      })
      .optional(),
    addresses: z
      .strictObject({
        gateway: Address.optional(),
        prometheus: Address.optional(),
        argocd: Address.optional().describe("argocd-server, with its path where it has one; --wait asks it"),
        triton: z
          .array(Address)
          .min(1)
          .max(64)
          .optional()
          .describe("of each replica of the Triton that the gateway is in front of (backend triton)"),
      })
      .optional(),
  }),
});
export type Environment = z.infer<typeof Environment>;
