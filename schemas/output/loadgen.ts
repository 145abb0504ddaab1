import { z } from "zod";
import { list } from "./parts/list.ts";
import { LatencyOutput, ShareOutput } from "./parts/statistics.ts";

const Count = z.int().min(0);

const ErrorOutput = z.strictObject({
  kind: z.union([
    z.templateLiteral(["http ", z.int()]),
    z.enum(["connect", "time-out", "bad reply", "client overload"]),
  ]),
  count: Count,
  example: z.string().describe("message of the first one"),
});

const VersionOutput = z.strictObject({
  version: z.string(),
  answers: Count.describe("good answers"),
  share: ShareOutput.nullable().describe("of all good answers: the split as clients saw it"),
  attempts: Count.describe("requests that the gateway sent to this version first"),
  attemptShare: ShareOutput.nullable().describe("the split as the gateway chose it"),
  failedOver: Count.describe("attempts that another version answered"),
  standIns: Count.describe("answers given after another version had failed"),
  errors: Count,
  phases: z.record(z.string(), Count).describe("replies by the phase that the gateway gave"),
  latency: LatencyOutput.describe("from the time due"),
  accuracy: ShareOutput.nullable().describe("right ones among good answers to labelled rows; null without any"),
});

/** What `mmsp loadgen --json` prints. Times in milliseconds. */
export const LoadgenOutput = z.strictObject({
  ended: z.enum(["duration", "stopped", "aborted"]).nullable(),
  elapsedMs: z.number().min(0),
  due: Count.describe("ok + failed + inFlight + abandoned"),
  ok: Count,
  failed: Count,
  inFlight: Count,
  abandoned: Count.describe("given up unanswered"),
  rate: z.strictObject({ askedPerSecond: z.number(), achievedPerSecond: z.number() }),
  late: z
    .strictObject({ count: Count, maxMs: z.number().min(0) })
    .describe("requests that this machine was too slow to send in time"),
  latency: LatencyOutput.describe("from the time due"),
  service: LatencyOutput.describe("from the moment of sending"),
  errors: list(ErrorOutput).describe("most frequent first"),
  versions: list(VersionOutput),
});
export type LoadgenOutput = z.infer<typeof LoadgenOutput>;
