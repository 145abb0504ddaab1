/** A gateway process in front of real Tritons, and the tree that both are given. */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Signature } from "../../../schemas/model-version.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { startGatewayProcess, type GatewayProcess } from "../../support/gateway-process.ts";
import { samplesOf } from "../../support/gateway-rig.ts";
import { failingModel, linearModel, textModel } from "../../support/models.ts";
import { encodeModel, operation, tensor } from "../../support/onnx.ts";
import { deploymentFiles, servingTree } from "../../support/serving-tree.ts";
import { linearSignature, textSignature } from "../../support/versions.ts";
import { python, writeModel } from "./triton-models.ts";
import { startTriton, type TritonServer } from "./triton-server.ts";

/** Versions that are told from each other by their answers: each likes its second class more than the one before. */
export const fraud: Readonly<Record<number, Uint8Array>> = Object.fromEntries(
  [1, 2, 3, 4].map((version) => [version, linearModel({ bias: [0, version] })]),
);

const echoes = (datatype: "FP16" | "BF16"): Signature => ({
  inputs: [{ name: "in", datatype, shape: [-1] }],
  outputs: [{ name: "out", datatype, shape: [-1] }],
});
const half = encodeModel({
  graph: {
    operations: [operation("Identity", ["in"], ["out"])],
    inputs: [tensor("in", "float16", ["n"])],
    outputs: [tensor("out", "float16", ["n"])],
  },
});
/** ONNX Runtime's Python has no bfloat16: the model is Python itself. */
const brain = readFileSync(join(import.meta.dir, "../triton/echo.py"));
const others = {
  text: { bytes: textModel(), signature: textSignature },
  picky: { bytes: failingModel(), signature: linearSignature() },
  fp16: { bytes: half, signature: echoes("FP16") },
  bf16: { bytes: brain, signature: echoes("BF16"), files: python },
};

export interface TritonWorld extends AsyncDisposable {
  readonly gateway: GatewayProcess;
  readonly tritons: readonly [TritonServer, TritonServer];
  /** Puts these versions of fraud into a Triton's folder, and has it load them. Throws what it says. */
  serve(triton: TritonServer, versions: readonly number[], files?: Readonly<Record<number, Uint8Array>>): Promise<void>;
  /** Commits, as it were, what is served of fraud. */
  deploy(stable: number, canary?: number): void;
  post(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Response>;
  get(path: string): Promise<Response>;
  metric(name: string): Promise<Readonly<Record<string, number>>>;
  /** Kills the first Triton, and starts it anew, with nothing loaded. */
  restart(): Promise<void>;
}

export async function startWorld(server: string): Promise<TritonWorld> {
  const folder = temporaryFolder();
  const start = (name: string): Promise<TritonServer> => {
    mkdirSync(join(folder.path, name), { recursive: true });
    return startTriton(server, join(folder.path, name));
  };
  let first = await start("one");
  const second = await start("two");
  const tritons = [first, second] as const;
  for (const triton of tritons) {
    for (const [model, { bytes, signature, ...more }] of Object.entries(others)) {
      writeModel(triton, model, { 1: bytes }, signature, "files" in more ? more.files : undefined);
      await triton.load(model);
    }
  }
  const tree = temporaryFolder(treeOf());
  const world: TritonWorld = {
    gateway: await startGatewayProcess({
      MMSP_ENV: "dev",
      MMSP_DIR: tree.path,
      MMSP_DATA: join(folder.path, "data"),
      MMSP_TRITON_URL: tritons.map(({ url }) => url).join(),
    }),
    get tritons() {
      return [first, second] as const;
    },
    async serve(triton, versions, files = fraud) {
      const bytes = versions.map((version) => [version, files[version] ?? new Uint8Array()] as const);
      writeModel(triton, "fraud", Object.fromEntries(bytes), linearSignature());
      await triton.load("fraud");
    },
    deploy(stable, canary) {
      const since = "2026-11-20T09:00:00Z";
      const spec = { stable: { version: stable, attempt: 5 + stable, since } };
      const files = deploymentFiles("fraud", { spec, ...(canary === undefined ? {} : { canary, weight: 50 }) });
      for (const [path, text] of Object.entries(files)) tree.put(path, text);
    },
    post: (path, body, headers = {}) => {
      const sent = body instanceof Uint8Array ? (body as Uint8Array<ArrayBuffer>) : JSON.stringify(body);
      return fetch(`${world.gateway.url}${path}`, { method: "POST", body: sent, headers });
    },
    get: (path) => fetch(`${world.gateway.url}${path}`),
    metric: async (name) => samplesOf(await (await world.get("/metrics")).text(), name),
    async restart() {
      await first.kill();
      first = await startTriton(server, join(folder.path, "one"), first.ports);
    },
    async [Symbol.asyncDispose]() {
      await world.gateway[Symbol.asyncDispose]();
      await Promise.all([first, second].map((triton) => triton.kill()));
      tree[Symbol.dispose]();
      folder[Symbol.dispose]();
    },
  };
  return world;
}

/** The documents of what both are given; the gateway needs no files of models. */
function treeOf(): Record<string, string | Uint8Array> {
  const files = servingTree(
    {
      fraud: { versions: fraud },
      ...Object.fromEntries(
        Object.entries(others).map(([model, { bytes, signature }]) => [
          model,
          { versions: { 1: { bytes, signature } } },
        ]),
      ),
    },
    { backend: "triton", artifactStore: "s3://bucket/models" },
  );
  return Object.fromEntries(Object.entries(files).filter(([path]) => !path.startsWith("store/")));
}
