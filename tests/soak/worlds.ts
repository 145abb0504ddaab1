/** What the soak is done to: a gateway that has the models in itself, and one with two model servers behind it. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { importFiles } from "../support/circle.ts";
import { temporaryFolder } from "../support/folder.ts";
import { startGatewayProcess, type GatewayProcess } from "../support/gateway-process.ts";
import { runGit } from "../support/git.ts";
import { startFakeTriton } from "../support/triton-fake.ts";
import { startTriton } from "../e2e/support/triton-server.ts";
import { writeModel } from "../e2e/support/triton-models.ts";
import { linearSignature } from "../support/versions.ts";
import { openShakyLine, type HiccupTimes, type ShakyLine } from "./shaky-line.ts";
import { expected, failsFrom, soakModels, soakTree } from "./tree.ts";

export interface World extends AsyncDisposable {
  readonly name: string;
  /** The repository that the gateway follows. */
  readonly gitDir: string;
  /** To its model servers; null where it has none. */
  readonly lines: readonly [ShakyLine, ShakyLine] | null;
  start(): Promise<GatewayProcess>;
}

export async function embeddedWorld(): Promise<World> {
  const folder = temporaryFolder();
  const gitDir = await repositoryIn(folder.path, soakTree());
  return {
    name: "embedded",
    gitDir,
    lines: null,
    start: () => startGateway(folder.path, gitDir),
    [Symbol.asyncDispose]: async () => folder[Symbol.dispose](),
  };
}

interface TritonWorldOptions {
  /** Folder of a real Triton, as `installTriton` gives it. Default: what speaks as one does, and answers as the models would. */
  readonly program?: string;
  readonly times?: HiccupTimes;
}

export async function tritonWorld({ program, times }: TritonWorldOptions = {}): Promise<World> {
  const folder = temporaryFolder();
  const tree = soakTree({ backend: "triton", artifactStore: "s3://bucket/models" });
  const documents = Object.entries(tree).filter(([path]) => !path.startsWith("store/"));
  const gitDir = await repositoryIn(folder.path, Object.fromEntries(documents));
  const startOne = (name: string): Promise<Upstream> =>
    program === undefined ? madeUpTriton() : realTriton(program, join(folder.path, name));
  const tritons = await Promise.all([startOne("one"), startOne("two")]);
  const lines = await Promise.all([openShakyLine(tritons[0].url, times), openShakyLine(tritons[1].url, times)]);
  const urls = lines.map(({ url }) => url).join();
  return {
    name: "triton",
    gitDir,
    lines,
    start: () => startGateway(folder.path, gitDir, { MMSP_TRITON_URL: urls }),
    async [Symbol.asyncDispose]() {
      await Promise.all([...lines, ...tritons].map((one) => one[Symbol.asyncDispose]()));
      folder[Symbol.dispose]();
    },
  };
}

async function repositoryIn(folder: string, files: Record<string, string | Uint8Array>): Promise<string> {
  const gitDir = join(folder, "models.git");
  await runGit(folder, ["init", "--quiet", "--bare", "--initial-branch=main", gitDir]);
  await importFiles(gitDir, files);
  return gitDir;
}

function startGateway(
  folder: string,
  gitDir: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<GatewayProcess> {
  const own = {
    MMSP_ENV: "dev",
    MMSP_GIT_URL: gitDir,
    MMSP_POLL_MS: "200",
    MMSP_DATA: join(folder, "data"),
    MMSP_GRPC_PORT: "0",
  };
  return startGatewayProcess({ ...own, ...variables });
}

/** A model server with every version of both models. */
type Upstream = AsyncDisposable & { readonly url: string };

async function realTriton(program: string, folder: string): Promise<Upstream> {
  mkdirSync(folder, { recursive: true });
  const triton = await startTriton(program, folder);
  for (const [model, versions] of Object.entries(soakModels)) {
    writeModel(triton, model, versions, linearSignature());
    await triton.load(model);
  }
  return triton;
}

async function madeUpTriton(): Promise<Upstream> {
  const keys = Object.entries(soakModels).map(([model, of]) => Object.keys(of).map((version) => `${model}/${version}`));
  const triton = await startFakeTriton(keys.flat());
  triton.probability = (model, version, row) =>
    model === "risky" && version > 1 && (row[0] ?? 0) >= failsFrom ? null : expected(version, row);
  triton.trick = () => {
    triton.inferred.length = 0; // kept for tests; here they would become too many
    return false;
  };
  return triton;
}
