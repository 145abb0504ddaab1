import { expect } from "bun:test";
import { linearModel } from "../support/models.ts";

/** Runs mmsp with these arguments in a folder that holds `fraud.onnx`; what it printed. Throws where it fails. */
type Mmsp = (...args: readonly string[]) => Promise<string>;

export const model = { "clone/fraud.onnx": linearModel({ bias: [0, 1] }) };

/** Runs a program to its end; what it printed. */
export async function run(
  command: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const child = Bun.spawn([...command], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (code !== 0) throw new Error(`${command.join(" ")} ended with ${code}: ${stderr}${stdout}`);
  return stdout;
}

/** From nothing to a model that is served and stopped again: templates, the native library, a gateway and its worker. */
export async function firstSteps(mmsp: Mmsp): Promise<void> {
  expect(await mmsp("init", "--repo", "acme/models")).toContain("environments/mmsp.yaml");
  expect(await mmsp("register", "fraud", "--model-path", "fraud.onnx", "--local")).toContain("Register fraud");
  expect(await mmsp("deploy", "fraud", "--version", "1", "--local")).toContain("version 1");
  expect(await mmsp("validate")).toMatch(/^\d+ documents are valid\n$/);
  expect(await mmsp("status")).toContain("fraud");
  const { url } = JSON.parse(await mmsp("up", "--port", "0", "--detach", "--json")) as { url: string };
  const { models } = (await (await fetch(`${url}/status`)).json()) as { models: readonly unknown[] };
  expect(models).toMatchObject([{ model: "fraud", stable: { version: 1 } }]);
  expect(await mmsp("down")).toContain("stopped");
  expect(await fetch(`${url}/status`).catch(() => "nobody answers")).toBe("nobody answers");
}
