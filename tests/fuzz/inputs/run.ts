/**
 * Whatever may come from the network: replies of model servers to the parser, gRPC calls, and HTTP requests in bursts. What each
 * part plays follows from the seed, so that one seed plays a little of all of them.
 */
import type { Counts, FuzzJob } from "../job.ts";
import { fuzzCalls } from "./grpc.ts";
import { fuzzHttp } from "./http.ts";
import { fuzzReplies } from "./replies.ts";

/** Of the time and of the cases; bursts get what is left: most of what can go wrong is behind them. */
const shares = [
  [fuzzReplies, 0.05],
  [fuzzCalls, 0.15],
] as const;

/** Plays all parts until the time is up, or enough cases were played. */
export async function fuzzInputs(job: FuzzJob): Promise<Counts> {
  const started = performance.now();
  const counts: Counts = { passed: 0, failed: 0 };
  const add = ({ passed, failed }: Counts): void => {
    counts.passed += passed;
    counts.failed += failed;
  };
  for (const [fuzz, share] of shares) {
    add(await fuzz({ ...job, most: job.most * share, limitMs: job.limitMs * share }));
  }
  const most = job.isSingle ? 1 : job.most - counts.passed - counts.failed;
  add(await fuzzHttp({ ...job, most, limitMs: job.limitMs - (performance.now() - started) }));
  return counts;
}
