import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { hit, startLoad, startServing } from "./embedded.ts";
import { interleave, median, ratios, type Family, type Figure, type Settings } from "./harness/figure.ts";
import { logisticRegression } from "./harness/models.ts";
import { cpuSeconds, pinned, type Service } from "./harness/process.ts";

const app = new URL("servers/fastapi_app.py", import.meta.url).pathname;
const modules = ["fastapi", "uvicorn", "onnxruntime"];
const connections = 32;
const seconds = 1;

/** What a CPU second answers, against the server that most teams would write; measured where Python has it. */
export const fastapi: Family = {
  rows: ["embedded_rps_vs_fastapi"],
  async measure(settings) {
    const absent = whyNot();
    return { embedded_rps_vs_fastapi: absent === null ? await compare(settings) : { absent } };
  },
};

async function compare(settings: Settings): Promise<Figure> {
  settings.say(`FastAPI: ${settings.rounds} rounds of two servers, ${connections} connections`);
  await using load = await startLoad(settings);
  await using gateway = await startServing(settings, "fastapi", logisticRegression());
  await using peer = await startPeer(settings.scratch);
  const perCpuSecond = async (service: Pick<Service, "pid" | "url">): Promise<number> => {
    const before = cpuSeconds(service.pid) ?? 0;
    const { requests } = await hit(load, service, connections, seconds);
    return requests / ((cpuSeconds(service.pid) ?? 0) - before);
  };
  const sides = { gateway: () => perCpuSecond(gateway), peer: () => perCpuSecond(peer) };
  await interleave(1, sides);
  const samples = await interleave(settings.rounds, sides);
  const note = `${Math.round(median(samples.gateway))} / ${Math.round(median(samples.peer))} requests a CPU second`;
  return { samples: ratios(samples.gateway, samples.peer), note };
}

/** Null where it can be measured. */
function whyNot(): string | null {
  if (cpuSeconds(process.pid) === null) return "this system does not tell the CPU time of a process as Linux does";
  if (Bun.which("python3") === null) return "there is no python3";
  const { exitCode } = Bun.spawnSync(["python3", "-c", `import ${modules.join(", ")}`], {
    stdio: ["ignore", null, null],
  });
  return exitCode === 0
    ? null
    : `python3 cannot import ${modules.join(", ")}: pip install them, "uvicorn[standard]" too`;
}

async function startPeer(scratch: string): Promise<Pick<Service, "pid" | "url"> & AsyncDisposable> {
  const model = join(scratch, "fastapi.onnx");
  writeFileSync(model, logisticRegression());
  const child = Bun.spawn(pinned("server", ["python3", app, model]), { stdio: ["ignore", "pipe", "inherit"] });
  const first = await child.stdout.getReader().read();
  const port = Number(new TextDecoder().decode(first.value));
  if (!(port > 0)) throw new Error("the FastAPI server did not start");
  return {
    pid: child.pid,
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}
