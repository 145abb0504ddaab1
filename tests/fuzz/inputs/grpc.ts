/** Broken gRPC messages, frames and connections between sound ones, to gateways of both kinds. */
import { fuzzGrpc } from "../grpc.ts";
import { say, type FuzzJob } from "../job.ts";
import { createFamilies, type Families } from "./families.ts";
import { playSeeds } from "./seeds.ts";
import { sayPace } from "./tell.ts";
import { backendOf, backends, startWorld } from "./worlds.ts";

/** Of one seed. */
const cases = 50;

export async function fuzzCalls(job: FuzzJob): Promise<Families> {
  const started = performance.now();
  const statuses = new Map<string, number>();
  const families = createFamilies();
  await using embedded = await startWorld("embedded");
  await using triton = await startWorld("triton");
  const worlds = { embedded, triton };
  const ports = { embedded: await embedded.rig.listenGrpc(), triton: await triton.rig.listenGrpc() };
  const counts = await playSeeds(job, async (seed) => {
    const backend = backendOf(seed);
    const result = await fuzzGrpc({ port: ports[backend], seed, cases });
    for (const [status, count] of result.statuses) statuses.set(status, (statuses.get(status) ?? 0) + count);
    families.add(`${backend}, gRPC`, true, result.played - result.failures.length);
    families.add(`${backend}, gRPC`, false, result.failures.length);
    return { ...result, failures: result.failures.map((failure) => `${backend}: ${failure}`) };
  });
  for (const backend of backends) {
    for (const complaint of await worlds[backend].complaints()) {
      families.add(`${backend}, gRPC, afterwards`, false);
      say(`FAILED ${complaint}`);
    }
  }
  sayPace("gRPC calls", counts.passed + counts.failed, performance.now() - started, statuses);
  return families;
}
