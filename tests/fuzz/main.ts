/**
 * `bun run fuzz [--only histories|inputs] [--minutes N] [--seed S] [--histories N] [--cases N]`: random histories of everybody who
 * writes, and every fault at every call (15 minutes, or 10,000 histories); then whatever may come from the network (10 minutes, or
 * 1,000,000 cases): random HTTP requests, most of it, bytes over sockets and gRPC calls, to a gateway with models in itself and to
 * one before a made-up Triton, and replies of model servers; how many of each is told at the end. --minutes is for both together.
 * With --seed alone that one history is played, or with `--only inputs` what this seed gives of each kind of input, the requests
 * told in full and cut down where one fails; `--fault NAME` tries the faults of the matrix that have this in their names. The last
 * line counts all: `N passed, N failed`.
 */
import { parseArgs } from "node:util";
import { fuzzFaults, fuzzHistories } from "./histories.ts";
import { fuzzInputs } from "./inputs/run.ts";
import { say, type Counts, type FuzzJob } from "./job.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    minutes: { type: "string" },
    histories: { type: "string" },
    cases: { type: "string" },
    seed: { type: "string" },
    fault: { type: "string" },
  },
});

const { only, minutes, histories, cases, seed, fault } = values;
if (only !== undefined && only !== "histories" && only !== "inputs")
  throw new Error("--only takes histories or inputs");
const isSingle = seed !== undefined && [histories, cases, minutes].every((value) => value === undefined);
const first = Number(seed ?? Math.floor(Math.random() * 2 ** 31));

/** Of the minutes for both; inputs say more in less time. */
const share = { histories: 0.6, inputs: 0.4 };

const parts = { histories: fuzzHistories, inputs: fuzzInputs };
// A history follows from a seed alone as well as inputs do: without a word it is the history.
const names =
  fault !== undefined || (isSingle && only === undefined)
    ? (["histories"] as const)
    : (["histories", "inputs"] as const);
const chosen = names.filter((name) => only === undefined || name === only);

const counts: Counts = { passed: 0, failed: 0 };
if (fault === undefined) say(`seed ${first}`);
for (const name of chosen) {
  const job = jobOf(name);
  const part = fault === undefined ? await parts[name](job) : await fuzzFaults(job, fault);
  counts.passed += part.passed;
  counts.failed += part.failed;
}
say(`${counts.passed} passed, ${counts.failed} failed`);
process.exitCode = counts.failed === 0 && counts.passed > 0 ? 0 : 1;

function jobOf(name: keyof typeof parts): FuzzJob {
  const [given, most, usual] = name === "histories" ? [histories, 10_000, 15] : [cases, 1_000_000, 10];
  const allowed = minutes === undefined ? usual : Number(minutes) * (chosen.length > 1 ? share[name] : 1);
  const job = {
    seed: first,
    limitMs: isSingle ? Number.POSITIVE_INFINITY : allowed * 60_000,
    most: Number(given ?? (isSingle ? 1 : most)),
    isSingle,
  };
  if ([job.seed, job.limitMs, job.most].every((number) => number >= 0)) return job;
  throw new Error("--minutes, --seed, --histories and --cases are numbers");
}
