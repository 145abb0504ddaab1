/** Variables that stand before settings in files, through the real commands and a real gateway. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync } from "node:fs";
import { temporaryFolder } from "../support/folder.ts";
import { filesBelow, jsonOf, makeProject, runCli, type Project } from "./run-cli.ts";

// Processes of their own take a while on a busy machine.
setDefaultTimeout(60_000);

let project: Project;

beforeAll(async () => {
  project = await makeProject({ serving: true });
});

afterAll(() => project[Symbol.dispose]());

const deploy = ["deploy", "fraud", "--version", "2", "--local", "--dry-run"];

describe("flag, variable, file: in this order", () => {
  test("MMSP_STEPS gives a canary its first weight, unless --canary does", async () => {
    const weightOf = async (args: readonly string[], env: Record<string, string>) =>
      /weight: (\d+)/.exec((await project.run([...deploy, ...args], env)).stdout)?.[1];
    expect(await weightOf([], {})).toBe("10");
    expect(await weightOf([], { MMSP_STEPS: "7,70" })).toBe("7");
    expect(await weightOf(["--canary", "33"], { MMSP_STEPS: "7,70" })).toBe("33");
  });

  test("MMSP_ARTIFACT_STORE takes what register stores, and the tree stays as it is", async () => {
    using store = temporaryFolder();
    using other = await makeProject();
    const env = { MMSP_ARTIFACT_STORE: `file://${store.path}/models` };
    expect(await other.run(["register", "fraud", "--model-path", "v1.onnx", "--local"], env)).toMatchObject({
      exitCode: 0,
    });
    expect(readdirSync(`${store.path}/models/sha256`)).toHaveLength(1);
    expect(Object.keys(other.files()).filter((path) => path.startsWith("artifacts/"))).toEqual([]);
    expect(await other.run(["validate"], env)).toMatchObject({ exitCode: 0 });
    expect(await other.run(["validate"])).toMatchObject({ exitCode: 1 });
    expect(other.read("environments/mmsp.yaml")).not.toContain("file://");
  });

  test("MMSP_REPOSITORY and MMSP_BASE_BRANCH say where a change goes; --repo and --base before them", async () => {
    const nobody = { GITHUB_API_URL: "http://127.0.0.1:1", GITHUB_TOKEN: "writer-token-0123456789" };
    const said = async (args: readonly string[], env: Record<string, string>) =>
      (await project.run(["rollback", "fraud", ...args], { ...nobody, ...env })).stderr;
    expect(await said([], {})).toContain("reading acme/models");
    expect(await said([], { MMSP_REPOSITORY: "acme/variable" })).toContain("reading acme/variable");
    expect(await said(["--repo", "acme/flag"], { MMSP_REPOSITORY: "acme/variable" })).toContain("reading acme/flag");
    using folder = temporaryFolder();
    const init = { MMSP_REPOSITORY: "acme/variable", MMSP_BASE_BRANCH: "trunk" };
    jsonOf(await runCli(["init", "--json"], { cwd: folder.path, env: init }));
    expect(filesBelow(folder.path)["environments/mmsp.yaml"]).toContain("acme/variable\n  baseBranch: trunk\n");
  });

  test("MMSP_BASE_BRANCH says which branch history and show read in a clone", async () => {
    using clone = await makeProject({ serving: true });
    await clone.git("checkout", "--quiet", "-b", "trunk");
    await clone.mmsp("deploy", "fraud", "--version", "2", "--canary", "20", "--local");
    await clone.commit();
    const env = { MMSP_BASE_BRANCH: "trunk" };
    const heads = async (variables: Record<string, string>) =>
      jsonOf(await clone.run(["history", "fraud", "--json"], variables))["head"];
    expect(await heads({})).toBe(await clone.git("rev-parse", "main"));
    expect(await heads(env)).toBe(await clone.git("rev-parse", "trunk"));
    expect(jsonOf(await clone.run(["show", "fraud", "2", "--json"], env))).toMatchObject({
      served: [{ phase: "canary", weight: 20 }],
    });
  });

  test("MMSP_ARTIFACT_STORE is the store that gc looks into, too", async () => {
    using store = temporaryFolder();
    using other = await makeProject();
    const env = { MMSP_ARTIFACT_STORE: `file://${store.path}` };
    const register = (file: string) => other.run(["register", "fraud", "--model-path", file, "--local"], env);
    await register("v1.onnx");
    await register("v2.onnx");
    await other.commit();
    const gc = (...args: string[]) => other.run(["gc", "--local", "--older-than", "0s", "--json", ...args], env);
    expect(jsonOf(await gc())).toMatchObject({
      remove: [{ version: 1, outside: [expect.stringContaining(store.path)] }],
    });
    expect(jsonOf(await gc("--store"))).toMatchObject({ stores: [{ store: `file://${store.path}`, kept: 2 }] });
  });

  test("MMSP_ENV names the environment of a command, --env another; status shows all without --env", async () => {
    const env = { MMSP_ENV: "staging" };
    expect(jsonOf(await project.run([...deploy, "--json"], env))).toMatchObject({ environment: "staging" });
    expect(jsonOf(await project.run([...deploy, "--env", "prod", "--json"], env))).toMatchObject({
      environment: "prod",
    });
    expect((await project.run(["status"], env)).stdout).toMatch(/^dev +fraud/m);
  });
});

test.each([
  ["MMSP_STEPS", "ten", deploy],
  ["MMSP_REPOSITORY", "acme", ["rollback", "fraud"]],
  ["MMSP_ENV", "../x", deploy],
  ["MMSP_GATEWAY_REPLICAS", "0", ["up", "--port", "0"]],
])("a wrong %s is refused, by its name", async (name, value, args) => {
  const before = project.files();
  const { exitCode, stdout, stderr } = await project.run(args, { [name]: value });
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
  expect(stderr).toStartWith(`error: ${name}: "${value}" `);
  expect(stderr).toContain("\n  hint: ");
  expect(project.files()).toEqual(before);
});

test("up hands the settings to its gateway, which heeds them before the files", async () => {
  const env = { MMSP_GATEWAY_MAX_BODY_BYTES: "1024" };
  const { url } = jsonOf(await project.run(["up", "--port", "0", "--detach", "--json"], env)) as { url: string };
  try {
    const post = async (bytes: number) =>
      (
        await fetch(`${url}/predict`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: " ".repeat(bytes),
        })
      ).status;
    expect([await post(2000), await post(900)]).toEqual([413, 400]);
  } finally {
    await project.run(["down"]);
  }
});

describe("help", () => {
  test("help environment tells every variable, in lines that fit a terminal", async () => {
    const { stdout, stderr, exitCode } = await runCli(["help", "environment"]);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    for (const name of ["MMSP_STEPS", "MMSP_GATEWAY_TIMEOUT_MS", "GITHUB_TOKEN", "NO_COLOR", "MMSP_DIR"]) {
      expect(stdout).toMatch(new RegExp(`^  (\\w+, )?${name}\\b`, "m"));
    }
    expect(stdout.split("\n").filter((line) => line.length > 120)).toEqual([]);
  });

  test("says what the exit codes are, of the whole and of each command", async () => {
    for (const args of [["--help"], ["status", "--help"]]) {
      expect((await runCli(args)).stdout).toEndWith(
        "\n\nExit codes: 0 done, or nothing to do; 1 refused, or failed; 2 wrong usage.\n",
      );
    }
  });
});
