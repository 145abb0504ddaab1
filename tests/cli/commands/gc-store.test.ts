import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { GcOutput } from "../../../schemas/output/gc.ts";
import { runGit } from "../../support/git.ts";
import { weightedModel } from "../../support/models.ts";
import { encodeModel, externalData } from "../../support/onnx.ts";
import { startHub, token } from "../gitops/hub.ts";
import { jsonOf, makeProject, type Project } from "../run-cli.ts";

setDefaultTimeout(60_000);

const weighted = weightedModel({ weights: "weights/w.bin", bias: "b.bin" });

/** A clone whose store is a folder of its own, with a model that keeps weights in two files. */
let project: Project;
let store: string;

beforeAll(async () => {
  project = await makeProject();
  store = join(project.path, ".store");
  for (const [name, content] of new Map([["model.onnx", encodeModel(weighted)], ...externalData(weighted)]))
    project.put(`.trained/${name}`, content);
  project.put(".gitignore", "/.trained/\n/.store/\n*.onnx\n");
  const settings = project.read("environments/mmsp.yaml");
  project.put(
    "environments/mmsp.yaml",
    settings.replace(/artifactStore: .*/, `artifactStore: ${pathToFileURL(store).href}`),
  );
  await project.commit();
});
afterAll(() => project[Symbol.dispose]());

const digests = (): readonly string[] => readdirSync(join(store, "sha256")).toSorted();

function ageAll(): void {
  for (const digest of digests()) {
    const folder = join(store, "sha256", digest);
    for (const name of readdirSync(folder)) utimesSync(join(folder, name), 1000, 1000);
  }
}

const register = ["register", "scores", "--model-path", ".trained/model.onnx"];

/** Registers, and collects while that is open; then an orphan is all that goes. */
async function collectsBesidesOpen(env: Readonly<Record<string, string>>, remote: readonly string[]) {
  const registered = await project.run([...register, ...remote], env);
  expect(registered).toMatchObject({ exitCode: 0, stderr: "" });
  const kept = digests();
  expect(kept).toHaveLength(3);
  const orphan = `sha256/${"0".repeat(64)}/model.onnx`;
  project.put(`.store/${orphan}`, "0123456789");
  ageAll();
  const ran = await project.run(["gc", "--store", "--apply", ...remote, "--json"], env);
  const output = GcOutput.parse(jsonOf(ran));
  expect(output).toMatchObject({ applied: true, stores: [{ remove: [{ key: orphan }], kept: 3 }] });
  expect(digests()).toEqual(kept);
  return output;
}

test("all files of a model stay while its registration is an open branch of a plain git remote", async () => {
  const gitDir = join(project.path, ".git", "remote.git");
  await runGit(project.path, ["clone", "--quiet", "--bare", project.path, gitDir]);
  const env = { XDG_CACHE_HOME: join(project.path, ".git", "cache") };
  const output = await collectsBesidesOpen(env, ["--repo", `file://${gitDir}`, "--base", "main"]);
  expect(output.notices).toEqual([expect.stringContaining("branches that mmsp has not made")]);
});

test("all files of a model stay while its registration is an open pull request on GitHub", async () => {
  await using hub = await startHub({ "README.md": "# Empty\n" });
  await runGit(hub.server.gitDir, ["fetch", "--quiet", project.path, "+main:main"]);
  const env = { GITHUB_API_URL: hub.server.apiUrl, GITHUB_TOKEN: token };
  const output = await collectsBesidesOpen(env, ["--repo", "acme/models", "--base", "main"]);
  expect(output.notices).toEqual([]);
});

test("--local says that open registrations were not looked at", async () => {
  const { stdout } = await project.run(["gc", "--store", "--local"]);
  expect(stdout).toContain("\nnote: open registrations were not looked at");
});

test("--local refuses a store in a bucket, which is nothing local", async () => {
  const settings = project.read("environments/mmsp.yaml");
  project.put("environments/mmsp.yaml", settings.replace(/artifactStore: .*/, "artifactStore: s3://models/team"));
  const { exitCode, stderr } = await project.run(["gc", "--store", "--local", "--apply"]);
  expect(stderr).toMatch(/^error: s3:\/\/models\/team is a bucket, .*--local.*\n {2}hint: leave --local out/);
  expect(exitCode).toBe(1);
  project.put("environments/mmsp.yaml", settings);
});
