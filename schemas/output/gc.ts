import { z } from "zod";
import { Sha256, Timestamp, Version } from "../fields.ts";

/** `mmsp gc --json`: registered versions; with `--store` the files of stores outside the repository. */
export const GcOutput = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("registry"),
    applied: z.boolean().describe("false: only planned, nothing was written"),
    olderThan: z.string(),
    remove: z.array(
      z.strictObject({
        model: z.string(),
        version: Version,
        sha256: Sha256,
        sizeBytes: z.int().describe("with the files beside it"),
        lastServed: Timestamp.nullable().describe("null: it never served"),
        outside: z.array(z.string()).describe("its files in stores outside the repository, which stay for gc --store"),
      }),
    ),
    keep: z.array(z.strictObject({ model: z.string(), version: Version, reason: z.string() })),
    artifacts: z
      .array(z.strictObject({ path: z.string(), sizeBytes: z.int() }))
      .describe("files of stores inside the repository that go with them"),
    bytes: z.int().describe("of these artifacts"),
    paths: z.array(z.string()).nullable().describe("with --local --apply: files that were removed from the tree"),
    pullRequest: z
      .strictObject({
        number: z.int(),
        url: z.string(),
        branch: z.string(),
        action: z.enum(["opened", "updated", "unchanged"]),
      })
      .nullable(),
    notices: z.array(z.string()),
  }),
  z.strictObject({
    kind: z.literal("store"),
    applied: z.boolean(),
    olderThan: z.string(),
    stores: z.array(
      z.strictObject({
        store: z.string(),
        remove: z.array(z.strictObject({ key: z.string(), sizeBytes: z.int(), modifiedAt: Timestamp })),
        kept: z.int().describe("files that stay"),
        bytes: z.int().describe("of those that go"),
      }),
    ),
    notices: z.array(z.string()),
  }),
]);
export type GcOutput = z.infer<typeof GcOutput>;
