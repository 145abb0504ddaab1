/** Two gateways that serve the same models: one runs them itself, one has a real Triton behind it. */
import { join } from "node:path";
import type { Signature } from "../../../schemas/model-version.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { startGatewayProcess, type GatewayProcess } from "../../support/gateway-process.ts";
import { failingModel, linearModel, slowModel, textModel } from "../../support/models.ts";
import { servingTree, type ServedModel } from "../../support/serving-tree.ts";
import { linearSignature, textSignature } from "../../support/versions.ts";
import { writeModel } from "./triton-models.ts";
import { startTriton } from "./triton-server.ts";
import { until } from "./until.ts";

interface Given {
  readonly signature: Signature;
  readonly versions: Readonly<Record<number, Uint8Array>>;
}

const linear = (version: number): Uint8Array => linearModel({ bias: [0, version] });

/** `split` has a canary, `picky` fails where the first feature is 10 or more, `slow` works as long as the first feature says. */
const models: Readonly<Record<string, Given>> = {
  fraud: { signature: linearSignature(), versions: { 1: linear(1) } },
  split: { signature: linearSignature(), versions: { 1: linear(1), 2: linear(2) } },
  text: { signature: textSignature, versions: { 1: textModel() } },
  picky: { signature: linearSignature(), versions: { 1: failingModel() } },
  slow: { signature: linearSignature(), versions: { 1: slowModel({ rounds: "first-feature" }) } },
};

export interface ClientsWorld extends AsyncDisposable {
  readonly http: string;
  readonly grpc: string;
}

export async function startEmbedded(): Promise<ClientsWorld> {
  const folder = temporaryFolder(servingTree(served()));
  return worldOf(await startGateway(folder.path, {}), async () => folder[Symbol.dispose]());
}

/** `server`: the folder of Triton. */
export async function startBeforeTriton(server: string): Promise<ClientsWorld> {
  const folder = temporaryFolder(servingTree(served(), { backend: "triton" }));
  const triton = await startTriton(server, join(folder.path, "triton"));
  for (const [model, { signature, versions }] of Object.entries(models)) {
    writeModel(triton, model, versions, signature);
    await triton.load(model);
  }
  return worldOf(await startGateway(folder.path, { MMSP_TRITON_URL: triton.url }), async () => {
    await triton.kill();
    folder[Symbol.dispose]();
  });
}

function startGateway(root: string, variables: Readonly<Record<string, string>>): Promise<GatewayProcess> {
  const fixed = { MMSP_ENV: "dev", MMSP_DIR: root, MMSP_DATA: join(root, "data"), MMSP_GRPC_PORT: "0" };
  return startGatewayProcess({ ...fixed, ...variables });
}

async function worldOf(gateway: GatewayProcess, end: () => Promise<void>): Promise<ClientsWorld> {
  for (const [model, { versions }] of Object.entries(models)) {
    for (const version of Object.keys(versions)) {
      const address = `${gateway.url}/v2/models/${model}/versions/${version}/ready`;
      await until(`${model} ${version} is ready`, async () => (await fetch(address)).ok);
    }
  }
  return {
    http: gateway.url,
    grpc: gateway.grpc ?? "",
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      await end();
    },
  };
}

function served(): Record<string, ServedModel> {
  return Object.fromEntries(
    Object.entries(models).map(([model, { signature, versions }]) => {
      const signed = Object.entries(versions).map(([version, bytes]) => [version, { bytes, signature }] as const);
      return [model, { versions: Object.fromEntries(signed), ...(model === "split" ? { canary: 2, weight: 50 } : {}) }];
    }),
  );
}
