import { z } from "zod";
import { Percent, Sha256, Timestamp, Version } from "../fields.ts";
import { judges, phases } from "../model-deployment.ts";

/** Who committed what, as git has it; of a merged pull request the merge. */
const Commit = z.strictObject({
  commit: z.string().describe("id of the commit with which the branch got it"),
  pullRequest: z.int().nullable().describe("number of the pull request that it came with, where git says so"),
  by: z.string().describe("the commit's author"),
  committer: z.string(),
});

/** One version in one phase with one weight, from `from` up to but not at `until`. */
export const HistoryPeriod = Commit.extend({
  environment: z.string(),
  version: Version,
  phase: z.enum(phases),
  weight: Percent.describe("share of the traffic, in percent"),
  sha256: Sha256.nullable().describe("of the model file; null where the registry does not say"),
  from: Timestamp,
  until: Timestamp.nullable().describe("null: it still serves"),
  endedBy: z.enum(["replaced", "promoted", "reweighted", "rolled-back", "removed", "serving"]),
  end: Commit.extend({
    rejection: z
      .strictObject({ by: z.enum(judges), reason: z.string() })
      .nullable()
      .describe("of a rollback: who took the version out, and why"),
  })
    .nullable()
    .describe("what ended it; null while it serves"),
});
export type HistoryPeriod = z.infer<typeof HistoryPeriod>;

/** `mmsp history NAME --json`. With `--at`, the periods are those that held that moment. */
export const HistoryOutput = z.strictObject({
  model: z.string(),
  source: z.string().describe("the branch that was read"),
  head: z.string().describe("its newest commit"),
  at: Timestamp.nullable().describe("the moment of --at"),
  periods: z.array(HistoryPeriod).describe("by environment, newest first"),
  broken: z
    .array(z.strictObject({ environment: z.string(), commit: z.string(), at: z.string(), message: z.string() }))
    .describe("commits whose document nobody can read: what was served before went on"),
  notices: z.array(z.string()),
});
export type HistoryOutput = z.infer<typeof HistoryOutput>;
