/** The load generator's process: runs one job after another, so that its code is warm from the second on. */
import { runClosedLoop, type LoadJob } from "../harness/closed-loop.ts";
import { probeCut, type CutJob } from "../harness/cut-probe.ts";
import { serveQuestions } from "../harness/process.ts";

serveQuestions("", (job: LoadJob | CutJob) => ("alert" in job ? probeCut(job) : runClosedLoop(job)));
