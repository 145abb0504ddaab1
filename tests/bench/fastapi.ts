import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pythonWith } from "../e2e/support/python.ts";
import { Missing } from "../e2e/support/scenarios.ts";
import { hit, startLoad, startServing } from "./embedded.ts";
import { interleave, median, ratios, type Family, type Figure, type Settings } from "./harness/figure.ts";
import { logisticRegression, oneRow } from "./harness/models.ts";
import { cpuSeconds, pinned, type Service } from "./harness/process.ts";

const app = new URL("servers/fastapi_app.py", import.meta.url).pathname;
const requirements = new URL("requirements-fastapi.txt", import.meta.url).pathname;
const connections = 32;
const seconds = 1;

/** As far as both write a number into JSON: one in 32 bits, the other in the 64 bits of a Python float. */
const tolerance = 1e-6;

/** What a CPU second answers, against the server that most teams would write; measured where PyPI has it for us. */
export const fastapi: Family = {
  rows: ["embedded_rps_vs_fastapi"],
  async measure(settings) {
    if (cpuSeconds(process.pid) === null) {
      return absent("this system does not tell the CPU time of a process as Linux does");
    }
    try {
      const python = join(await pythonWith(requirements), "bin/python");
      return { embedded_rps_vs_fastapi: await compare(settings, python) };
    } catch (error) {
      if (error instanceof Missing) return absent(error.message);
      throw error;
    }
  },
};

function absent(why: string): { readonly embedded_rps_vs_fastapi: Figure } {
  return { embedded_rps_vs_fastapi: { absent: why } };
}

async function compare(settings: Settings, python: string): Promise<Figure> {
  settings.say(`FastAPI: ${settings.rounds} rounds of two servers, ${connections} connections`);
  await using load = await startLoad(settings);
  await using gateway = await startServing(settings, "fastapi", logisticRegression());
  await using peer = await startPeer(python, settings.scratch);
  await agree(gateway, peer);
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

async function startPeer(python: string, scratch: string): Promise<Pick<Service, "pid" | "url"> & AsyncDisposable> {
  const model = join(scratch, "fastapi.onnx");
  writeFileSync(model, logisticRegression());
  const child = Bun.spawn(pinned("server", [python, app, model]), { stdio: ["ignore", "pipe", "inherit"] });
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

/** Throws where the two do not calculate the same. */
async function agree(...services: readonly Pick<Service, "url">[]): Promise<void> {
  const [ours = [], theirs = []] = await Promise.all(services.map(numbersOf));
  const same = ours.length > 0 && ours.length === theirs.length;
  if (!same || ours.some((value, at) => Math.abs(value - (theirs[at] ?? Number.NaN)) > tolerance)) {
    throw new Error(`the gateway answers ${ours.join()}, FastAPI ${theirs.join()}`);
  }
}

async function numbersOf({ url }: Pick<Service, "url">): Promise<readonly number[]> {
  const headers = { "content-type": "application/json" };
  const reply = await fetch(`${url}/predict`, { method: "POST", headers, body: oneRow });
  const { predictions, probabilities } = (await reply.json()) as {
    readonly predictions: readonly number[];
    readonly probabilities: readonly (readonly number[])[];
  };
  return [...predictions, ...probabilities.flat()];
}
