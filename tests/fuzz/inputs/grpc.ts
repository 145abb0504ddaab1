/** Broken gRPC messages, frames and connections, to a gateway with a model that takes whatever numbers they hold. */
import { startRig } from "../../support/gateway-rig.ts";
import { linearModel } from "../../support/models.ts";
import { servingTree } from "../../support/serving-tree.ts";
import { fuzzGrpc } from "../grpc.ts";
import { say, type Counts, type FuzzJob } from "../job.ts";
import { playSeeds } from "./seeds.ts";
import { sayPace } from "./tell.ts";

/** Of one seed. */
const cases = 50;

export async function fuzzCalls(job: FuzzJob): Promise<Counts> {
  const started = performance.now();
  const statuses = new Map<string, number>();
  await using rig = await startRig(servingTree({ fraud: { versions: { 1: linearModel() } } }));
  const port = await rig.listenGrpc();
  const counts = await playSeeds(job, async (seed) => {
    const result = await fuzzGrpc({ port, seed, cases });
    for (const [status, count] of result.statuses) statuses.set(status, (statuses.get(status) ?? 0) + count);
    return result;
  });
  for (const entry of rig.logged.filter(({ level }) => level === "error")) {
    counts.failed++;
    say(`FAILED logged ${Bun.inspect(entry)}`);
  }
  sayPace("gRPC calls", counts.passed + counts.failed, performance.now() - started, statuses);
  return counts;
}
