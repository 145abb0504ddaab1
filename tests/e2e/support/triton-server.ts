/** A real Triton in a folder of its own, without a container: the one that the wheel of NVIDIA's pytriton brings along. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { connect } from "node:http2";
import { join } from "node:path";
import { concat, string } from "../../support/protobuf.ts";
import { cacheFolder, output, pythonWith } from "./python.ts";
import { Missing } from "./scenarios.ts";

const wheel = "nvidia-pytriton==0.7.0";
const installMs = 10 * 60_000;
const startMs = 60_000;

/** Folder of the server with its backends. Throws `Missing` where it cannot be had, or lacks a library of the system. */
export async function installTriton(): Promise<string> {
  const python = await pythonWith(join(import.meta.dir, "../requirements-triton.txt"));
  const folder = join(cacheFolder(), `triton-${wheel.replaceAll("==", "-")}`);
  const server = join(folder, "pytriton/tritonserver");
  const interpreter = join(python, "bin/python");
  if (!existsSync(join(folder, "complete"))) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    process.stdout.write(`installing ${wheel}\n`);
    const pip = [interpreter, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"];
    await output([...pip, "--only-binary", ":all:", "--dest", folder, wheel], installMs);
    const [file = ""] = readdirSync(folder).filter((name) => name.endsWith(".whl"));
    await output([interpreter, "-m", "zipfile", "-e", join(folder, file), folder], installMs);
    rmSync(join(folder, file));
    chmodSync(join(server, "bin/tritonserver"), 0o755);
    writeFileSync(join(folder, "complete"), "");
  }
  const version = await output([interpreter, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], 10_000);
  const stub = join(server, "backends/python/triton_python_backend_stub");
  const given = join(server, "python_backend_stubs", version, "triton_python_backend_stub");
  if (!existsSync(given)) throw new Missing(`Triton's Python backend has nothing for Python ${version}`);
  place(stub, readFileSync(given));
  for (const program of [stub, join(server, "bin/tritonserver")]) {
    const absent = /^\s*(\S+) => not found/m.exec(await output(["ldd", program], 10_000))?.[1];
    if (absent !== undefined) throw new Missing(`there is no ${absent} (Debian: apt-get install libpython${version})`);
  }
  const backend = join(server, "backends/onnxruntime");
  mkdirSync(backend, { recursive: true });
  place(join(backend, "model.py"), readFileSync(join(import.meta.dir, "../triton/model.py")));
  place(join(backend, "site-packages.txt"), join(python, "lib", `python${version}`, "site-packages"));
  return server;
}

/** In one step: another run may be executing the file that is there. */
function place(file: string, content: string | Buffer): void {
  const beside = `${file}.${process.pid}`;
  writeFileSync(beside, content);
  chmodSync(beside, 0o755);
  renameSync(beside, file);
}

export interface TritonServer extends AsyncDisposable {
  readonly url: string;
  readonly ports: Ports;
  /** Folder of its models. */
  readonly models: string;
  /** Loads what the model's folder says now, over gRPC: over HTTP, other connections would wait. Throws what it answers. */
  load(model: string): Promise<void>;
  unload(model: string): Promise<void>;
  /** Its own, as Prometheus reads them. */
  metrics(): Promise<string>;
  /** kill -9. */
  kill(): Promise<void>;
}

export interface Ports {
  readonly http: number;
  readonly grpc: number;
  readonly metrics: number;
}

/** Starts one with the models in `folder`, none of which is loaded. `ports`: those of one that was killed. */
export async function startTriton(server: string, folder: string, ports: Ports = freePorts()): Promise<TritonServer> {
  const models = join(folder, "models");
  mkdirSync(models, { recursive: true });
  const log = join(folder, "triton.log");
  const flags = {
    "model-repository": models,
    "backend-directory": join(server, "backends"),
    "model-control-mode": "explicit",
    "allow-gpu-metrics": "false",
    "http-address": "127.0.0.1",
    "http-port": ports.http,
    "grpc-address": "127.0.0.1",
    "grpc-port": ports.grpc,
    "metrics-address": "127.0.0.1",
    "metrics-port": ports.metrics,
  };
  const said = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
  const child = Bun.spawn(
    [join(server, "bin/tritonserver"), "--disable-auto-complete-config", ...said],
    // A group of its own: each model is a process below it.
    { stdio: ["ignore", Bun.file(log), Bun.file(log)], detached: true },
  );
  const kill = async (): Promise<void> => {
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
    await child.exited;
  };
  process.on("exit", () => void kill());
  const url = `http://127.0.0.1:${ports.http}`;
  const deadline = performance.now() + startMs;
  while (!(await answers(`${url}/v2/health/ready`))) {
    if (child.exitCode === null && performance.now() < deadline) {
      await Bun.sleep(50);
      continue;
    }
    await kill();
    throw new Error(`Triton did not start: ${readFileSync(log, "utf8").slice(0, 2000)}`);
  }
  const call = (method: string, model: string): Promise<void> => callModel(ports.grpc, method, model);
  return {
    url,
    ports,
    models,
    load: (model) => call("RepositoryModelLoad", model),
    unload: (model) => call("RepositoryModelUnload", model),
    metrics: async () => (await fetch(`http://127.0.0.1:${ports.metrics}/metrics`)).text(),
    kill,
    [Symbol.asyncDispose]: kill,
  };
}

/** One call of GRPCInferenceService whose request names a model in its second field, and whose reply is empty. */
function callModel(port: number, method: string, model: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const session = connect(`http://127.0.0.1:${port}`);
  session.on("error", reject);
  const stream = session.request({
    ":method": "POST",
    ":path": `/inference.GRPCInferenceService/${method}`,
    "content-type": "application/grpc",
    te: "trailers",
  });
  const said: Record<string, unknown> = {};
  stream.on("response", (headers) => void Object.assign(said, headers));
  stream.on("trailers", (headers) => void Object.assign(said, headers));
  stream.on("error", reject);
  stream.on("close", () => {
    session.close();
    if (said["grpc-status"] === "0") resolve();
    else
      reject(
        new Error(`${method}: ${String(said["grpc-status"])} ${decodeURIComponent(String(said["grpc-message"]))}`),
      );
  });
  stream.resume();
  const request = concat([string(2, model)]);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(request.length, 1);
  stream.end(Buffer.concat([prefix, request]));
  return promise;
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2000) })).ok;
  } catch {
    return false;
  }
}

/** Triton cannot be asked for any free port, and shares a taken one without a word. */
function freePorts(): Ports {
  const probes = Array.from({ length: 3 }, () =>
    Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() }),
  );
  const [http = 0, grpc = 0, metrics = 0] = probes.map(({ port }) => port ?? 0);
  for (const probe of probes) void probe.stop(true);
  return { http, grpc, metrics };
}
