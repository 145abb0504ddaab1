import { binaryRequest } from "../support/binary-request.ts";
import { encodeMessage, rawOf } from "../support/grpc.ts";
import { startLoad, startServing } from "./embedded.ts";
import type { LoadJob, LoadResult } from "./harness/closed-loop.ts";
import { interleave, median, ratios, type Family, type Figure, type Settings } from "./harness/figure.ts";
import { features, logisticRegression, oneRow } from "./harness/models.ts";
import { cpuSeconds, type Service } from "./harness/process.ts";

const connections = 32;
const warmUpSeconds = 1.5;
const roundSeconds = 1;

const input = { name: "input", datatype: "FP32", shape: [1, features] } as const;
const { instances } = JSON.parse(oneRow) as { readonly instances: readonly (readonly number[])[] };
const row = Float32Array.from(instances.flat());

/** The same row for the same model, as bytes over either protocol. */
export const grpc: Family = {
  rows: ["grpc_rps_vs_http"],
  async measure(settings) {
    return { grpc_rps_vs_http: await compare(settings) };
  },
};

async function compare(settings: Settings): Promise<Figure> {
  const { rounds, say } = settings;
  say(`gRPC: ${rounds} rounds of two protocols, ${connections} connections`);
  await using load = await startLoad(settings);
  await using gateway = await startServing(settings, "grpc", logisticRegression());
  const jobs = { grpc: overGrpc(await gateway.ask<string>({})), http: await overHttp(gateway.url) };
  const sample = (side: "grpc" | "http", seconds: number) => measure(load, gateway, { ...jobs[side], seconds });
  for (const side of ["grpc", "http"] as const) await sample(side, warmUpSeconds);
  const samples = await interleave(rounds, {
    grpc: () => sample("grpc", roundSeconds),
    http: () => sample("http", roundSeconds),
  });
  const rps = (side: "grpc" | "http"): number[] => samples[side].map((one) => one.rps);
  const pair = (of: (side: "grpc" | "http") => string): string => `${of("grpc")} / ${of("http")}`;
  const cpu = pair((side) => median(samples[side].map(({ cpuUs }) => cpuUs)).toFixed(1));
  const note = `${pair((side) => median(rps(side)).toFixed(0))} requests/s; ${cpu} us of CPU a request`;
  return { samples: ratios(rps("grpc"), rps("http")), note };
}

type Job = Omit<LoadJob, "seconds">;

function overGrpc(url: string): Job {
  const message = { model_name: "model", inputs: [input], raw_input_contents: [rawOf(row)] };
  const body = encodeMessage("ModelInferRequest", message).toString("base64");
  return { url: `${url}/inference.GRPCInferenceService/ModelInfer`, body, as: "grpc", connections };
}

async function overHttp(url: string): Promise<Job> {
  const { body, headers } = new Request(url, {
    method: "POST",
    ...binaryRequest([{ ...input, data: row }], { parameters: { binary_data_output: true } }),
  });
  const bytes = Buffer.from(await new Response(body).arrayBuffer()).toString("base64");
  const own = [...headers].map(([name, value]) => `${name}: ${value}`);
  return { url: `${url}/v2/models/model/infer`, body: bytes, as: "binary", headers: own, connections };
}

async function measure(load: Service, { pid }: Service, job: LoadJob): Promise<{ rps: number; cpuUs: number }> {
  const before = cpuSeconds(pid) ?? Number.NaN;
  const { rps, requests } = await load.ask<LoadResult>(job);
  return { rps, cpuUs: (((cpuSeconds(pid) ?? Number.NaN) - before) / requests) * 1e6 };
}
