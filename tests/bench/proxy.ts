import { join } from "node:path";
import { stringify } from "yaml";
import { paths } from "../../schemas/tree.ts";
import { anEnvironment, aProject } from "../support/builders.ts";
import { startLoad } from "./embedded.ts";
import type { LoadJob, LoadResult } from "./harness/closed-loop.ts";
import { interleave, median, ratios, type Family, type Figure, type Settings } from "./harness/figure.ts";
import { fixedReply, inferRequest } from "./harness/infer.ts";
import { logisticRegression } from "./harness/models.ts";
import { findNginx, startNginx } from "./harness/nginx.ts";
import { cpuSeconds, startService, type Service } from "./harness/process.ts";
import { merged, servedModel, writeFiles } from "./harness/tree.ts";
import { gatewayScript } from "./harness/webhook.ts";

const upstreamScript = new URL("servers/upstream.ts", import.meta.url).pathname;
const connections = 32;
const warmUpSeconds = 1.5;
const roundSeconds = 1;

/** What a round shows of one proxy. */
interface Sample {
  readonly rps: number;
  readonly p99Ms: number;
  /** Of the proxy, microseconds a request; NaN where the system does not tell. */
  readonly cpuUs: number;
}

/** Requests that the gateway passes to a model server unread, against the proxy that everybody knows; measured where it is. */
export const proxy: Family = {
  rows: ["proxy_rps_vs_nginx", "proxy_p99_vs_nginx"],
  async measure(settings) {
    const nginx = findNginx();
    if (nginx !== null) return compare(settings, nginx);
    const absent = "there is no nginx: install it, Debian's nginx-light for one";
    return { proxy_rps_vs_nginx: { absent }, proxy_p99_vs_nginx: { absent } };
  },
};

async function compare(settings: Settings, program: string) {
  const { rounds, scratch, say } = settings;
  say(`proxy: ${rounds} rounds of two servers, ${connections} connections`);
  await using load = await startLoad(settings);
  await using upstream = await startService(upstreamScript, { core: "load", scratch });
  await using gateway = await startGateway(scratch, upstream.url);
  await using nginx = await startNginx(program, scratch, upstream.url);
  const sides = {
    gateway: () => passThrough(load, gateway, "/v2/models/model/infer", roundSeconds),
    // The path that the gateway asks the upstream at.
    nginx: () => passThrough(load, nginx, "/v2/models/model/versions/1/infer", roundSeconds),
  };
  await passThrough(load, gateway, "/v2/models/model/infer", warmUpSeconds);
  await interleave(1, sides);
  const samples = await interleave(rounds, sides);
  const figure = (what: "rps" | "p99Ms", unit: string, digits: number): Figure => {
    const ours = samples.gateway.map((sample) => sample[what]);
    const theirs = samples.nginx.map((sample) => sample[what]);
    const note = `${median(ours).toFixed(digits)} / ${median(theirs).toFixed(digits)} ${unit}; ${cpuNote(samples)}`;
    return { samples: ratios(ours, theirs), note };
  };
  return { proxy_rps_vs_nginx: figure("rps", "requests/s", 0), proxy_p99_vs_nginx: figure("p99Ms", "ms", 2) };
}

function cpuNote(samples: Readonly<Record<"gateway" | "nginx", readonly Sample[]>>): string {
  const [ours, theirs] = [samples.gateway, samples.nginx].map((side) => median(side.map(({ cpuUs }) => cpuUs)));
  return `${ours?.toFixed(1)} / ${theirs?.toFixed(1)} us of CPU a request`;
}

/** Every reply is compared with the upstream's. */
async function passThrough(
  load: Service,
  { pid, url }: Pick<Service, "pid" | "url">,
  path: string,
  seconds: number,
): Promise<Sample> {
  const job: LoadJob = { url: `${url}${path}`, body: inferRequest, connections, seconds, reply: fixedReply };
  const before = cpuSeconds(pid) ?? Number.NaN;
  const { rps, p99Ms, requests } = await load.ask<LoadResult>(job);
  return { rps, p99Ms, cpuUs: (((cpuSeconds(pid) ?? Number.NaN) - before) / requests) * 1e6 };
}

/** The gateway as it is shipped, over an environment whose versions are on the upstream. */
function startGateway(scratch: string, upstream: string): Promise<Service> {
  const root = join(scratch, "proxy");
  const policy = anEnvironment("dev", {
    backend: "triton",
    artifactStore: "s3://bucket/models",
    addresses: { triton: [upstream] },
  });
  const files = new Map([
    [paths.project, stringify(aProject({ artifactStore: "artifacts" }))],
    [paths.environment("dev"), stringify(policy)],
  ]);
  writeFiles(root, merged(files, servedModel("dev", "model", [logisticRegression()])));
  const env = { MMSP_ENV: "dev", MMSP_DIR: root, MMSP_PORT: "0" };
  return startService(gatewayScript, { core: "server", scratch, env });
}
