/** ONNX Runtime's official builds report to their maker and keep an identifier of the device; mmsp's processes must not. */
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, setDefaultTimeout, test } from "bun:test";
import { makeProject, runCli } from "./cli/run-cli.ts";
import { temporaryFolder } from "./support/folder.ts";
import { startGatewayProcess } from "./support/gateway-process.ts";
import { linearModel } from "./support/models.ts";
import { servingTree } from "./support/serving-tree.ts";

setDefaultTimeout(30_000);

/** A home and a folder for temporary files, and what ONNX Runtime's telemetry has left in them. */
function home() {
  const folder = temporaryFolder();
  const tmp = join(folder.path, "tmp");
  mkdirSync(tmp);
  const traces = (): readonly string[] => [
    ...readdirSync(tmp).filter((name) => name.startsWith("mat-debug")),
    ...["Microsoft", ".cache/Microsoft", "Library/Caches/Microsoft"].filter((name) =>
      existsSync(join(folder.path, name)),
    ),
  ];
  return Object.assign(folder, { env: { HOME: folder.path, TMPDIR: tmp }, traces });
}

test("registering a model leaves no trace of telemetry", async () => {
  using project = await makeProject();
  using own = home();
  const ran = await runCli(["register", "fraud", "--model-path", "v1.onnx", "--local"], {
    cwd: project.path,
    env: own.env,
  });
  expect(ran.exitCode).toBe(0);
  expect(own.traces()).toEqual([]);
});

test("nor does serving one, in the process of the gateway and its workers", async () => {
  using tree = temporaryFolder(servingTree({ fraud: { versions: { 1: linearModel() } } }));
  using own = home();
  await using gateway = await startGatewayProcess({ MMSP_ENV: "dev", MMSP_DIR: tree.path, ...own.env });
  const input = { name: "input", datatype: "FP32", shape: [1, 3], data: [1, 2, 3] };
  const reply = await fetch(`${gateway.url}/v2/models/fraud/infer`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ inputs: [input] }),
  });
  expect(reply.status).toBe(200);
  expect(own.traces()).toEqual([]);
});
