import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import pkg from "../../package.json" with { type: "json" };
import { cliEnv } from "../cli/run-cli.ts";
import { temporaryFolder } from "../support/folder.ts";
import { firstSteps, model, run } from "./first-steps.ts";

setDefaultTimeout(60_000);

const folder = temporaryFolder(model);
const executable = join(folder.path, "mmsp");
const clone = join(folder.path, "clone");
/** Nothing of this clone is found: neither its modules nor, on PATH, its Bun. */
const env = cliEnv({ PATH: "/usr/bin:/bin", XDG_CACHE_HOME: join(folder.path, "cache") });
const mmsp = (...args: readonly string[]): Promise<string> => run([executable, ...args], clone, env);

beforeAll(async () => {
  const build = join(import.meta.dir, "../../cli/executable/build.ts");
  expect(await run([process.execPath, build, executable], folder.path, process.env)).toMatch(/^mmsp: \d+ MiB\n$/);
});

afterAll(async () => {
  await mmsp("down").catch(() => "nothing was up");
  folder[Symbol.dispose]();
});

describe("the single-file executable", () => {
  test("says its version, and unpacks nothing for that", async () => {
    expect(await mmsp("--version")).toBe(`${pkg.version}\n`);
    expect(readdirSync(folder.path).toSorted()).toEqual(["clone", "mmsp"]);
  });

  test("goes from init to a model that is served, with what it unpacks into the cache", async () => {
    await firstSteps(mmsp);
    const unpacked = readdirSync(join(folder.path, "cache/mmsp")).map((name) => name.replace(/-[0-9a-f]{16}$/, ""));
    expect(unpacked.toSorted()).toEqual(["onnxruntime", "templates"]);
  });

  test("says why it has no demo, and where there is one", async () => {
    const refused = await mmsp("demo").catch(String);
    expect(refused).toContain("which are in the package but not in this one file");
    expect(refused).toContain("hint: run it from the package: bunx mmsp demo");
  });

  test("says where it cannot unpack", async () => {
    const noFolder = folder.put("taken", "");
    const denied = { ...env, XDG_CACHE_HOME: noFolder };
    const elsewhere = ["init", "--repo", "acme/models", "-C", folder.path];
    const refused = await run([executable, ...elsewhere], clone, denied).catch(String);
    expect(refused).toContain(`cannot unpack its templates into ${noFolder}/mmsp: `);
    expect(refused).toContain("hint: name a folder that can be written in XDG_CACHE_HOME");
  });
});
