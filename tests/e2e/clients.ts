/**
 * `bun run e2e:clients`: clients from PyPI that nobody here wrote against the gateway's process, which runs the models itself and
 * then has a real Triton behind it. Says SKIPPED where the clients or Triton cannot be installed; in CI that is a failure.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { removeSharedFolders } from "../support/folder.ts";
import { startBeforeTriton, startEmbedded, type ClientsWorld } from "./support/clients-world.ts";
import { pythonWith } from "./support/python.ts";
import { runScenarios, type Scenarios } from "./support/scenarios.ts";
import { installTriton } from "./support/triton-server.ts";

/** By the file in tests/e2e/clients/ that asks what there is to ask of it. */
const clients: Readonly<Record<string, string>> = {
  triton_http: "tritonclient[http]",
  triton_grpc: "tritonclient[grpc]",
  kserve_rest: "kserve",
};
/** All cases of one client. */
const limitMs = 120_000;

await runScenarios(async (scenarios) => {
  const python = join(await pythonWith(join(import.meta.dir, "requirements-clients.txt")), "bin/python");
  {
    await using world = await startEmbedded();
    await askAll(python, world, "embedded", scenarios);
  }
  // Here, so that a machine that cannot have Triton still tries the rest.
  const server = await installTriton();
  await using world = await startBeforeTriton(server);
  await askAll(python, world, "Triton", scenarios);
});
removeSharedFolders();

async function askAll(python: string, world: ClientsWorld, backend: string, { scenario }: Scenarios): Promise<void> {
  for (const [file, client] of Object.entries(clients)) {
    await scenario(`${client}, ${backend}: all its cases are tried`, async () => {
      const cases = await ask(python, file, world, async ({ name, error }) => {
        await scenario(`${client}, ${backend}: ${name}`, () => {
          if (error !== null) throw new Error(error);
        });
      });
      assert.ok(cases > 0, "there are none");
    });
  }
}

/** What tests/e2e/clients/main.py says of a case. */
interface Case {
  readonly name: string;
  readonly error: string | null;
}

/** Resolves with how many cases there were; throws where Python fails, or does not come to an end. */
async function ask(
  python: string,
  file: string,
  { http, grpc }: ClientsWorld,
  tell: (told: Case) => Promise<void>,
): Promise<number> {
  const child = Bun.spawn([python, "-B", join(import.meta.dir, "clients/main.py"), file, http, grpc], {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: limitMs,
  });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  const lines = stdout.split("\n").filter((line) => line !== "");
  for (const line of lines) await tell(JSON.parse(line) as Case);
  assert.equal(code, 0, stderr);
  return lines.length;
}
