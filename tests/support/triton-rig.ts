/** A gateway in front of made-up Tritons. */
import type { GatewayDeps } from "../../gateway/parts.ts";
import { createTriton, type TritonOptions } from "../../gateway/edges/triton/triton.ts";
import { createUpstream } from "../../gateway/edges/upstream/upstream.ts";
import { startRig, type GatewayRig } from "./gateway-rig.ts";
import { linearModel } from "./models.ts";
import { servingTree, type ServedModel } from "./serving-tree.ts";
import type { FakeTriton } from "./triton-fake.ts";

export const versions = { 1: linearModel(), 2: linearModel() };
/** Which no test reaches. */
const artifactStore = "s3://bucket/models";
export const canary: Partial<ServedModel> = { canary: 2, weight: 100 };
export const rows = [
  [1, 2, 3],
  [4, 5, 6],
];
export const jsonInput = { inputs: [{ name: "input", datatype: "FP32", shape: [2, 3], data: rows }] };

interface Given {
  readonly fakes: readonly FakeTriton[];
  readonly served?: Partial<ServedModel>;
  readonly deps?: Partial<GatewayDeps>;
  readonly addresses?: string[];
  readonly traffic?: TritonOptions["traffic"];
}

/** A gateway in front of Tritons, over a tree whose artifact store holds nothing. */
export function rigOf({
  fakes,
  served = {},
  deps = {},
  addresses = fakes.map(({ url }) => url),
  traffic,
}: Given): Promise<GatewayRig> {
  const backend = addresses.length === 0 ? {} : { addresses: { triton: addresses } };
  const files = servingTree({ fraud: { versions, ...served } }, { backend: "triton", artifactStore, ...backend });
  const documents = Object.entries(files).filter(([path]) => !path.startsWith("store/"));
  const server = createTriton({ open: createUpstream, intervalMs: 20, ...(traffic && { traffic }) });
  return startRig(Object.fromEntries(documents), { server, ...deps });
}

/** Until it says so: the gateway looks at its Tritons now and then. */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await Bun.sleep(5);
}
