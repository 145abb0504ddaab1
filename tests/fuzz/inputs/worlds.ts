/** Gateways that are sent whatever there is: one with its models in itself, one with a made-up model server behind it. */
import { createTriton } from "../../../gateway/edges/triton/triton.ts";
import { createUpstream } from "../../../gateway/edges/upstream/upstream.ts";
import { startRig, type GatewayRig } from "../../support/gateway-rig.ts";
import { startMadeUpTriton } from "./made-up-triton.ts";
import { fuzzTree } from "./models.ts";

export const backends = ["embedded", "triton"] as const;
export type Backend = (typeof backends)[number];

/** Each seed is one gateway's. */
export function backendOf(seed: number): Backend {
  return backends[seed % backends.length] ?? "embedded";
}

export interface FuzzWorld extends AsyncDisposable {
  readonly rig: GatewayRig;
  /** What the gateway logged as its own error, metrics that grow with what people send, and what reached the model server. */
  complaints(): Promise<readonly string[]>;
}

/** So many label sets of replies are enough for the models and statuses that there are. */
const mostSeries = 60;

export async function startWorld(backend: Backend): Promise<FuzzWorld> {
  const triton = backend === "triton" ? await startMadeUpTriton() : null;
  const rig = await (triton === null ? startRig(fuzzTree()) : rigBefore(triton.url));
  rig.listen();
  return {
    rig,
    async complaints() {
      const errors = rig.logged
        .filter(({ level }) => level === "error")
        .map((entry) => `${backend}: logged ${Bun.inspect(entry)}`);
      const series = Object.keys(await rig.metric("gateway_reply_total"));
      const grown = series.length > mostSeries ? [`${series.length} series of replies: ${series.join(" ")}`] : [];
      return [...errors, ...grown, ...(triton?.complaints ?? [])];
    },
    async [Symbol.asyncDispose]() {
      await rig[Symbol.asyncDispose]();
      await triton?.[Symbol.asyncDispose]();
    },
  };
}

function rigBefore(url: string): Promise<GatewayRig> {
  const tree = fuzzTree({ backend: "triton", addresses: { triton: [url] }, artifactStore: "s3://bucket/models" });
  const documents = Object.entries(tree).filter(([path]) => !path.startsWith("store/"));
  return startRig(Object.fromEntries(documents), { server: createTriton({ open: createUpstream }) });
}
