/** Times what the gateway records for a request, and one `observe`; both in this process, so that they share its luck. */
import { Histogram, Registry } from "prom-client";
import { chooseVersion } from "../../../gateway/core/choose.ts";
import type { LoadedModel } from "../../../gateway/core/ports.ts";
import { createVersionMap } from "../../../gateway/core/version-map.ts";
import { createStatistics } from "../../../gateway/core/statistics.ts";
import { buildTable } from "../../../gateway/core/table.ts";
import { createMetrics } from "../../../gateway/edges/metrics.ts";
import { recorderOf } from "../../../gateway/parts.ts";
import { systemClock } from "../../../gateway/log.ts";
import { createGuardWatch } from "../../../gateway/react/guard-watch.ts";
import { aDeployment } from "../../support/builders.ts";
import { nothingElse } from "../../support/fleet.ts";
import { signature } from "../harness/models.ts";
import { serveQuestions } from "../harness/process.ts";

const calls = 200_000;

const loaded = new Map([1, 2].map((version) => [version, { model: "fraud", version, signature } as LoadedModel]));
const served = { deployment: aDeployment({ canary: 2, weight: 10 }), loaded };
const models = new Map([["fraud", served]]);
const route = buildTable({ ...nothingElse, models }).models.get("fraud");
if (route?.canary == null) throw new Error("the route has no canary to watch");

const metrics = createMetrics();
const guard = createGuardWatch({ accuse: () => {}, clock: systemClock, log: () => {} });
const { model, canary, slo } = route;
guard.follow([{ ...canary, environment: "dev", model, stable: 1, replicas: 1, slo }]);
const isLive = (): boolean => true;
const attempts = createVersionMap(isLive, () => ({ count: 0 }));
const recorder = recorderOf({ metrics, guard, attempts, statistics: createStatistics(Date.now, isLive) });

const histogram = new Histogram({
  name: "observed_seconds",
  help: "what the gateway is compared with",
  labelNames: ["model", "version", "phase"],
  registers: [new Registry()],
});

/** Of a version that is chosen, and answers; what a request leaves behind besides its answer. */
function recordOne(at: number): void {
  const choice = chooseVersion(route!, { explicit: null, sticky: null }, (at % 100) / 100);
  if (choice.kind === "none") throw new Error(choice.message);
  const { version, phase, attempt: rollout } = choice;
  recorder.attempt({ model, version, rollout, phase, outcome: "ok", seconds: seconds(at), fallback: false });
  recorder.reply(model, 200);
}

function observeOne(at: number): void {
  const canary = at % 100 < 10;
  const labels = { model, version: canary ? "2" : "1", phase: canary ? "canary" : "stable" };
  histogram.observe(labels, seconds(at));
}

function seconds(at: number): number {
  return (at % 50) / 10_000;
}

function nanoseconds(work: (at: number) => void): number {
  const startedAt = performance.now();
  for (let at = 0; at < calls; at++) work(at);
  return ((performance.now() - startedAt) * 1e6) / calls;
}

serveQuestions("", ({ what }: { what: "record" | "observe" }) =>
  nanoseconds(what === "record" ? recordOne : observeOne),
);
