import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import pkg from "../../package.json" with { type: "json" };
import { cliEnv } from "../cli/run-cli.ts";
import { temporaryFolder } from "../support/folder.ts";
import { firstSteps, model, run } from "./first-steps.ts";

setDefaultTimeout(60_000);

const root = join(import.meta.dir, "../..");
const folder = temporaryFolder({
  "app/package.json": '{"private": true}\n',
  ...model,
});
const [app, clone] = [join(folder.path, "app"), join(folder.path, "clone")];

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
    await firstSteps(mmsp);
  });
});
