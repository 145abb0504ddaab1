/** Broken replies of model servers, to the gateway's parser of them. */
import type { FuzzJob } from "../job.ts";
import { fuzzReplyParser } from "../reply-parser.ts";
import { createFamilies, type Families } from "./families.ts";
import { playSeeds } from "./seeds.ts";
import { sayPace } from "./tell.ts";

/** Of one seed. */
const cases = 500;

export async function fuzzReplies(job: FuzzJob): Promise<Families> {
  const started = performance.now();
  const counts = await playSeeds(job, async (seed) => {
    const { failures } = fuzzReplyParser(seed, cases);
    return { played: cases, failures };
  });
  sayPace("replies parsed", counts.passed + counts.failed, performance.now() - started);
  const families = createFamilies();
  families.add("replies to the parser", true, counts.passed);
  families.add("replies to the parser", false, counts.failed);
  return families;
}
