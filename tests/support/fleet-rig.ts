import type { LoadedModel, Runtime, Source } from "../../gateway/core/ports.ts";
import type { RoutingTable } from "../../gateway/core/route.ts";
import type { Tensor } from "../../schemas/tensor.ts";
import { createOnnxRuntime } from "../../gateway/edges/onnx/runtime.ts";
import { readArtifact } from "../../gateway/edges/source/artifact.ts";
import { createFleet, type FleetOptions } from "../../gateway/fleet/fleet.ts";
import type { Cut } from "../../schemas/cut.ts";
import type { ModelDeployment } from "../../schemas/model-deployment.ts";
import { deploymentOf, repositoryOf, since } from "./fleet.ts";
import { linearModel } from "./models.ts";

/** What a test leaves behind. */
export const closers: (() => Promise<unknown>)[] = [];

/** For `afterEach`: last made, first closed. */
export async function closeAll(): Promise<void> {
  for (const close of closers.splice(0).toReversed()) await close();
}

/** Version v always answers label v: a bias that no input outweighs. */
export function constantModel(label: number): Uint8Array {
  const bias = Array.from({ length: 5 }, (_, at) => (at === label ? 50 : 0));
  return linearModel({ classes: 5, weights: Array<number>(15).fill(0), bias });
}

export const models = { fraud: { 1: constantModel(1), 2: constantModel(2), 3: constantModel(3) } };
const signature = {
  inputs: [{ name: "input", datatype: "FP32" as const, shape: [-1, 3] }],
  outputs: [
    { name: "label", datatype: "INT64" as const, shape: [-1] },
    { name: "probabilities", datatype: "FP32" as const, shape: [-1, 5] },
  ],
};

export type Files = ReadonlyMap<string, string | Uint8Array>;

export function filesOf(
  deployments: readonly ModelDeployment[],
  all: Record<string, Record<number, Uint8Array>> = models,
): Files {
  const change = (version: Parameters<NonNullable<Parameters<typeof repositoryOf>[0]["change"]>>[0]) => ({
    ...version,
    spec: { ...version.spec, signature },
  });
  return repositoryOf({ deployments, models: all, change });
}

export function changed(files: Files, path: string, content: string | Uint8Array | null): Files {
  const next = new Map(files);
  if (content === null) next.delete(path);
  else next.set(path, content);
  return next;
}

/** A real runtime that counts. */
function countingRuntime() {
  const runtime = createOnnxRuntime();
  const loads: string[] = [];
  const closes: string[] = [];
  const counting: Runtime = {
    async load(version, bytes, options) {
      loads.push(version.metadata.name);
      const model = await runtime.load(version, bytes, options);
      const close = (): Promise<void> => {
        closes.push(version.metadata.name);
        return model.close();
      };
      return { ...model, close } satisfies LoadedModel;
    },
    close: () => runtime.close(),
  };
  closers.push(() => runtime.close());
  return { runtime: counting, loads, closes };
}

export function fleetOf(source: Source, options: Partial<FleetOptions> = {}) {
  const counted = countingRuntime();
  const cuts: Cut[] = [];
  const fleet = createFleet({
    source,
    runtime: counted.runtime,
    readArtifact,
    environment: "dev",
    cuts: () => cuts,
    retryMs: 60_000,
    ...options,
  });
  closers.push(() => fleet.close());
  return { fleet, cuts, ...counted };
}

const row: Tensor[] = [{ name: "input", datatype: "FP32", shape: [1, 3], data: new Float32Array(3) }];

/** The label that stable answers. */
export async function stableAnswer(table: RoutingTable, model = "fraud"): Promise<number> {
  const route = table.models.get(model);
  const stable = route?.loaded.get(route.stable?.version ?? 0);
  return Number((await stable?.infer(row))?.[0]?.data[0]);
}

export function codes(table: RoutingTable): readonly string[] {
  return table.problems.map(({ code }) => code);
}

/** Stable 2, canary 3 at 10 %, and 1 to fall back to. */
export const rollout = deploymentOf({
  stable: { version: 2, attempt: 2, since },
  canary: { version: 3, attempt: 3, since, weight: 10 },
  previous: [1],
});
