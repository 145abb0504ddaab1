import { z } from "zod";
import { Version } from "../fields.ts";
import { list } from "./parts/list.ts";
import { ShareOutput } from "./parts/statistics.ts";

const Count = z.int().min(0);

const Rollback = z.strictObject({
  commit: z.string(),
  reason: z.string(),
  evidence: z.record(z.string(), z.string()),
  failedAttempts: Count.describe("of the canary, until it was cut; each was answered by the stable version"),
  firstBadToCutMs: z.number(),
  cutToCommitMs: z.number(),
  firstBadToCommitMs: z.number(),
});

const StalePromotion = z.strictObject({
  pullRequest: z.int().min(1),
  hadConflict: z.boolean(),
  commit: z.string(),
  stableInText: Version,
  stableServed: Version,
  requests: Count.describe("after it was merged"),
  toRejected: z.strictObject({ byReplies: Count, byGateway: Count }),
});

const LogEntry = z.strictObject({
  commit: z.string(),
  time: z.string().describe("local time, 20:11:03"),
  author: z.string(),
  subject: z.string(),
  files: list(z.strictObject({ path: z.string(), added: Count, removed: Count })),
});

/** What `mmsp demo --json` prints; null and empty for what it did not come to. */
export const DemoOutput = z.strictObject({
  status: z.enum(["ok", "failed", "interrupted"]),
  failure: z.string().nullable().describe("what did not really happen"),
  durationMs: z.number().min(0),
  timeline: list(z.strictObject({ what: z.string(), atMs: z.number().min(0) })),
  rollback: Rollback.nullable(),
  splits: list(z.strictObject({ version: Version, askedPercent: z.number(), seen: ShareOutput })),
  accuracy: list(z.strictObject({ version: Version, right: ShareOutput, of: Count })),
  stalePromotion: StalePromotion.nullable(),
  clients: z
    .strictObject({
      requests: Count,
      ok: Count,
      failed: Count,
      p50Ms: z.number().nullable(),
      p99Ms: z.number().nullable(),
    })
    .nullable(),
  log: list(LogEntry).describe("git log of environments/dev on main, oldest first"),
});
export type DemoOutput = z.infer<typeof DemoOutput>;
