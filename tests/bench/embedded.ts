import { join } from "node:path";
import type { LoadJob, LoadResult } from "./harness/closed-loop.ts";
import { interleave, median, ratios, type Family, type Figure, type Settings } from "./harness/figure.ts";
import { logisticRegression, network, oneRow } from "./harness/models.ts";
import { startService, type Service } from "./harness/process.ts";
import { foundation, merged, servedModel, writeFiles } from "./harness/tree.ts";

const routeScript = new URL("servers/route.ts", import.meta.url).pathname;
const gatewayScript = new URL("servers/gateway.ts", import.meta.url).pathname;
const loadScript = new URL("servers/load.ts", import.meta.url).pathname;

const many = 32;
const warmUpSeconds = 1.5;
const roundSeconds = 1;

/** Models on the gateway's event loop, against the same route without them and against themselves without batches. */
export const embedded: Family = {
  rows: ["embedded_rps_vs_route", "embedded_mlp_rps_vs_route", "embedded_p50_c1_vs_direct"],
  async measure(settings) {
    const { rounds, wants, say } = settings;
    await using load = await startLoad(settings);
    await using logistic = await startServing(settings, "logistic", logisticRegression());
    const figures: Record<string, Figure> = {};
    if (wants("embedded_rps_vs_route") || wants("embedded_mlp_rps_vs_route")) {
      await using route = await startService(routeScript, { core: "server", scratch: settings.scratch });
      await using mlp = await startServing(settings, "network", network());
      say(`embedded: ${rounds} rounds of three servers, ${many} connections`);
      const rps = async (service: Service): Promise<number> => (await hit(load, service, many, roundSeconds)).rps;
      for (const service of [route, logistic, mlp]) await hit(load, service, many, warmUpSeconds);
      const sides = { route: () => rps(route), logistic: () => rps(logistic), mlp: () => rps(mlp) };
      const samples = await interleave(rounds, sides);
      figures["embedded_rps_vs_route"] = throughput(samples.logistic, samples.route);
      figures["embedded_mlp_rps_vs_route"] = throughput(samples.mlp, samples.route);
    }
    if (wants("embedded_p50_c1_vs_direct")) {
      await using direct = await startServing(settings, "direct", logisticRegression(), "direct");
      say(`embedded: ${rounds} rounds of two servers, 1 connection`);
      const p50 = async (service: Service): Promise<number> => (await hit(load, service, 1, roundSeconds)).p50Ms;
      for (const service of [logistic, direct]) await hit(load, service, 1, warmUpSeconds);
      const samples = await interleave(rounds, { batched: () => p50(logistic), direct: () => p50(direct) });
      figures["embedded_p50_c1_vs_direct"] = {
        samples: ratios(samples.batched, samples.direct),
        note: `${microseconds(samples.batched)} us / ${microseconds(samples.direct)} us`,
      };
    }
    return figures;
  },
};

export function startLoad({ scratch }: Settings): Promise<Service> {
  return startService(loadScript, { core: "load", scratch });
}

/** A gateway that serves one model as its only one. */
export function startServing(
  { scratch }: Settings,
  name: string,
  artifact: Uint8Array,
  mode: "batched" | "direct" = "batched",
): Promise<Service> {
  const root = join(scratch, name);
  writeFiles(root, merged(foundation(["dev"]), servedModel("dev", "model", [artifact])));
  return startService(gatewayScript, { core: "server", scratch, args: [root, mode] });
}

export function hit(
  load: Service,
  { url }: Pick<Service, "url">,
  connections: number,
  seconds: number,
): Promise<LoadResult> {
  const job: LoadJob = { url: `${url}/predict`, body: oneRow, connections, seconds };
  return load.ask<LoadResult>(job);
}

function throughput(above: readonly number[], below: readonly number[]): Figure {
  const sides = `${Math.round(median(above))} / ${Math.round(median(below))} requests/s`;
  const note = `${sides}; the route: Elysia, which parses the body and answers what never changes`;
  return { samples: ratios(above, below), note };
}

function microseconds(milliseconds: readonly number[]): string {
  return (median(milliseconds) * 1000).toFixed(0);
}
