import { z } from "zod";
import { repositoryPattern } from "./repository.ts";
import { apiVersion, ArtifactStore, Metadata, Percent, Slo } from "./fields.ts";

/** `environments/mmsp.yaml`: where the repository is, and defaults for every environment. */
export const Project = z.strictObject({
  apiVersion: z.literal(apiVersion),
  kind: z.literal("Project"),
  metadata: Metadata,
  spec: z.strictObject({
    repository: z
      .string()
      .max(500)
      .regex(repositoryPattern)
      .describe("owner/name on GitHub, or the address of any git remote, without a password in it"),
    baseBranch: z
      .string()
      .max(200)
      .regex(/^[A-Za-z0-9_][A-Za-z0-9._/-]*$/)
      .describe("the branch that everything is merged into, such as main"),
    artifactStore: ArtifactStore,
    defaults: z.strictObject({ steps: z.array(Percent.min(1)).min(1).optional(), slo: Slo.optional() }).optional(),
    templateVersion: z.int().min(1),
  }),
});
export type Project = z.infer<typeof Project>;
