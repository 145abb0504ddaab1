import { z } from "zod";
import { Line, Name, Percent, Timestamp, Version } from "../fields.ts";
import { Rejection } from "../model-deployment.ts";
import { list } from "./parts/list.ts";
import { ProblemOutput } from "./parts/problem.ts";

/** What an environment serves of a model, as git says: of the document with rejected versions taken out. */
const Deployment = z.strictObject({
  environment: Name,
  model: Name,
  stable: Version.nullable().describe("null: every stable version was rejected"),
  canary: z.strictObject({ version: Version, weight: Percent }).nullable(),
  served: list(Version).describe("loaded and warm: stable, the one to fall back to, canary, shadow"),
  previous: list(Version).describe("earlier stable versions, newest first"),
  rejected: list(Rejection),
  since: Timestamp.describe("of the canary, else of the stable version"),
  locked: Line.nullable().describe("why nobody may deploy or promote"),
});

/** What `mmsp status --json` prints. */
export const StatusOutput = z.strictObject({
  deployments: list(Deployment).describe("by environment, then by model"),
  problems: list(ProblemOutput).describe("what `mmsp validate` says of the documents"),
});
export type StatusOutput = z.infer<typeof StatusOutput>;
