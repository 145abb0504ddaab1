import { z } from "zod";
import { Timestamp } from "../fields.ts";
import { Rejection } from "../model-deployment.ts";
import { ModelVersion } from "../model-version.ts";
import { HistoryPeriod } from "./history.ts";
import { VersionPlace } from "./list.ts";

/** `mmsp show NAME VERSION --json`: the registered document as it stands, and where the version has been. */
export const ShowOutput = z.strictObject({
  model: z.string(),
  version: z.int(),
  spec: ModelVersion.shape.spec,
  store: z.string().nullable().describe("the artifact store of mmsp.yaml, in which the key is"),
  stores: z
    .array(z.strictObject({ environment: z.string(), store: z.string() }))
    .describe("of the environments below that have a store of their own: there the key is, too"),
  places: z.array(VersionPlace).describe("what the documents say now"),
  served: z
    .array(HistoryPeriod.omit({ version: true, sha256: true }))
    .nullable()
    .describe("by environment, newest first; null where there is no git history to read"),
  lastServed: Timestamp.nullable().describe("null: never, or no history to read"),
  rejected: z.array(Rejection.extend({ environment: z.string() })),
  notices: z.array(z.string()),
});
export type ShowOutput = z.infer<typeof ShowOutput>;
