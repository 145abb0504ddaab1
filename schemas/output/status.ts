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
  canary: z
    .strictObject({
      version: Version,
      weight: Percent,
      steps: list(Percent).optional().describe("the weights that were recorded for it"),
    })
    .nullable(),
  served: list(Version).describe("loaded and warm: stable, the one to fall back to, canary, shadow"),
  previous: list(Version).describe("earlier stable versions, newest first"),
  rejected: list(Rejection),
  passedOver: list(
    z.strictObject({ version: Version, as: z.enum(["stable", "canary", "shadow", "previous"]) }),
  ).describe(
    "versions that the document names in a place and rejects: nobody is served by them, whatever the text says",
  ),
  since: Timestamp.nullable().describe(
    "of the canary, else of the stable version; null: an earlier one took over, which the document does not date",
  ),
  locked: Line.nullable().describe("why nobody may deploy or promote"),
});

const LiveModel = z.strictObject({
  model: z.string(),
  stable: Version.nullable(),
  canary: z.strictObject({ version: Version, weight: z.number() }).nullable(),
  cuts: list(z.strictObject({ version: Version, by: z.string(), reason: z.string() })).describe(
    "versions that get no traffic, whatever git says so far",
  ),
  guard: z.string().nullable().describe("the guard's judgement of the canary; null where it has none"),
});

const LiveEnvironment = z.strictObject({
  environment: Name,
  address: z.string(),
  revision: z.string().nullable().describe("what it has read last: a commit, or a digest of files"),
  models: list(LiveModel),
  missing: list(z.string()).describe("models that git says are served, and the gateway does not have"),
  problems: list(ProblemOutput).describe("what the gateway says is wrong: it is degraded as long as there are any"),
  error: z.string().nullable().describe("why there is no answer"),
});

/** What `mmsp status --json` prints; with --watch one such object a line and a change. */
export const StatusOutput = z.strictObject({
  deployments: list(Deployment).describe("by environment, then by model"),
  unreadable: list(z.strictObject({ environment: Name, model: Name })).describe(
    "models whose deployment.yaml is there, but cannot be read: what git says of them is not known",
  ),
  problems: list(ProblemOutput).describe(
    "what is wrong with a document of an environment, and versions in it that nobody has registered; `mmsp validate` says all",
  ),
  live: list(LiveEnvironment).optional().describe("with --live: what the gateways say"),
});
export type StatusOutput = z.infer<typeof StatusOutput>;
