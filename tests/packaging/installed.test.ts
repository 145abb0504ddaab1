import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import pkg from "../../package.json" with { type: "json" };
import { cliEnv } from "../cli/run-cli.ts";
import { temporaryFolder } from "../support/folder.ts";
import { linearModel } from "../support/models.ts";

setDefaultTimeout(60_000);

const root = join(import.meta.dir, "../..");
const folder = temporaryFolder({
  "app/package.json": '{"private": true}\n',
  "clone/fraud.onnx": linearModel({ bias: [0, 1] }),
});
const [app, clone] = [join(folder.path, "app"), join(folder.path, "clone")];

async function run(command: readonly string[], cwd: string, env: Record<string, string | undefined>): Promise<string> {
  const child = Bun.spawn([...command], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (code !== 0) throw new Error(`${command.join(" ")} ended with ${code}: ${stderr}${stdout}`);
  return stdout;
}

/** As `bunx --no-install mmsp` does where the package is installed: what is run is what the tarball brought along. */
const mmsp = (...args: readonly string[]): Promise<string> =>
  run([process.execPath, "x", "--no-install", "mmsp", ...args, "-C", clone], app, cliEnv());

beforeAll(async () => {
  const { env } = process;
  await run([process.execPath, "pm", "pack", "--quiet", "--destination", folder.path], root, env);
  const tarball = join(folder.path, `mmsp-${pkg.version}.tgz`);
  // What `bun install` has put into its cache for this clone is taken from there; only what is missing is asked for.
  await run([process.execPath, "add", "--prefer-offline", "--ignore-scripts", tarball], app, env);
});

afterAll(async () => {
  await mmsp("down").catch(() => "nothing was up");
  folder[Symbol.dispose]();
});

describe("the package, installed in another folder", () => {
  test("holds what is run, and neither tests nor what they need", () => {
    const installed = readdirSync(join(app, "node_modules/mmsp"));
    expect(installed).toEqual(
      expect.arrayContaining(["cli", "gateway", "schemas", "templates", "README.md", "LICENSE"]),
    );
    expect(installed).not.toContain("tests");
    const packages = readdirSync(join(app, "node_modules"));
    for (const name of Object.keys(pkg.devDependencies)) if (name !== "mmsp") expect(packages).not.toContain(name);
  });

  test("says its version", async () => {
    const stdout = await run([process.execPath, "x", "--no-install", "mmsp", "--version"], app, cliEnv());
    expect(stdout).toBe(`${pkg.version}\n`);
  });

  test("goes from init to a model that is served", async () => {
    expect(await mmsp("init", "--repo", "acme/models")).toContain("environments/mmsp.yaml");
    expect(await mmsp("register", "fraud", "--model-path", "fraud.onnx", "--local")).toContain("Register fraud");
    expect(await mmsp("deploy", "fraud", "--version", "1", "--local")).toContain("version 1");
    expect(await mmsp("validate")).toMatch(/^\d+ documents are valid\n$/);
    expect(await mmsp("status")).toContain("fraud");
    const { url } = JSON.parse(await mmsp("up", "--port", "0", "--detach", "--json")) as { url: string };
    const { models } = (await (await fetch(`${url}/status`)).json()) as { models: readonly unknown[] };
    expect(models).toMatchObject([{ model: "fraud", stable: { version: 1 } }]);
    expect(await mmsp("down")).toContain("stopped");
    expect(await fetch(`${url}/status`).catch(() => "nobody")).toBe("nobody");
  });
});
