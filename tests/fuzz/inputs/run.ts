/**
 * Whatever may come from the network: replies of model servers to the parser, gRPC calls, bytes over sockets, and HTTP requests in
 * bursts, the last three to gateways of both kinds. What each part plays follows from the seed, so that one seed plays a little of
 * all of them.
 */
import type { Counts, FuzzJob } from "../job.ts";
import { sayFamilies, type Families } from "./families.ts";
import { fuzzCalls } from "./grpc.ts";
import { fuzzHttp } from "./http.ts";
import { fuzzReplies } from "./replies.ts";
import { fuzzWire } from "./wire.ts";

/** Of the time and of the cases; bursts get what is left: most of what can go wrong is behind them. */
const shares = [
  [fuzzReplies, 0.05],
  [fuzzCalls, 0.15],
  [fuzzWire, 0.2],
] as const;

/** Plays all parts until the time is up, or enough cases were played, and tells how many of each family. */
export async function fuzzInputs(job: FuzzJob): Promise<Counts> {
  const started = performance.now();
  const played: Families[] = [];
  for (const [fuzz, share] of shares) {
    played.push(await fuzz({ ...job, most: job.most * share, limitMs: job.limitMs * share }));
  }
  const so = played.flatMap((families) => families.entries()).map(([, { passed, failed }]) => passed + failed);
  const most = job.isSingle ? 1 : job.most - so.reduce((sum, count) => sum + count, 0);
  played.push(await fuzzHttp({ ...job, most, limitMs: job.limitMs - (performance.now() - started) }));
  return sayFamilies(played);
}
