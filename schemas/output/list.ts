import { z } from "zod";
import { Percent, Sha256, Timestamp, Version } from "../fields.ts";

const unreadable = z
  .array(z.string())
  .describe("documents that are there but broken, so that nothing here counts them");

/** Where a version has a place. */
export const VersionPlace = z.strictObject({
  environment: z.string(),
  as: z.enum(["stable", "canary", "shadow", "previous", "rejected"]),
  weight: Percent.nullable().describe("share of the traffic in percent; null of what gets none"),
});

/** `mmsp list --json`, and of one model `mmsp list NAME --json`. */
export const ListOutput = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("models"),
    models: z.array(
      z.strictObject({
        model: z.string(),
        versions: z.array(Version).describe("registered ones, ascending"),
        serves: z.array(
          z.strictObject({
            environment: z.string(),
            stable: Version.nullable(),
            canary: z.strictObject({ version: Version, weight: Percent }).nullable(),
          }),
        ),
      }),
    ),
    unreadable,
  }),
  z.strictObject({
    kind: z.literal("versions"),
    model: z.string(),
    versions: z
      .array(
        z.strictObject({
          version: Version,
          sha256: Sha256,
          sizeBytes: z.int().describe("with the files beside it"),
          createdAt: Timestamp,
          createdBy: z.string().nullable(),
          metrics: z.record(z.string(), z.number()),
          places: z.array(VersionPlace),
        }),
      )
      .describe("newest first"),
    unreadable: unreadable.describe("documents of the model that are there but broken"),
  }),
]);
export type ListOutput = z.infer<typeof ListOutput>;
