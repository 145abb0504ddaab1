import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, renameSync, utimesSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { GcOutput } from "../../../schemas/output/gc.ts";
import { linearModel } from "../../support/models.ts";
import { runGit } from "../../support/git.ts";
import { startHub, token } from "../gitops/hub.ts";
import { jsonOf, makeProject, type Project } from "../run-cli.ts";

setDefaultTimeout(60_000);

let project: Project;

beforeAll(async () => {
  project = await makeProject({ serving: true });
  project.put("v3.onnx", linearModel({ bias: [2, 3] }));
  await project.mmsp("register", "fraud", "--model-path", "v3.onnx", "--local");
  await project.commit();
});

afterAll(() => project[Symbol.dispose]());

const gc = async (...args: readonly string[]) =>
  GcOutput.parse(jsonOf(await project.run(["gc", "--local", ...args, "--json"])));

describe("of the working tree", () => {
  test("nothing is written without --apply, and every version is told with the reason", async () => {
    const before = project.files();
    expect(await gc()).toMatchObject({ remove: [], applied: false });
    expect(await project.mmsp("gc", "--local")).toMatch(/^MODEL +VERSION +WHAT +WHY\n/);
    const text = await project.mmsp("gc", "--local", "--older-than", "0s");
    expect(text).toMatch(/^MODEL +VERSION +WHAT +SIZE +WHY\n/);
    expect(text).toMatch(/^fraud {2}1 +keep +stable in dev$/m);
    expect(text).toMatch(/^fraud {2}2 +remove {2}\d+ B {2}never served$/m);
    expect(text).toMatch(/^fraud {2}3 +keep +the newest: its number must not be given again$/m);
    expect(text).toContain("nothing was written: --apply does it");
    expect(await project.mmsp("gc", "--local", "--older-than", "0s", "--dry-run")).toBe(text);
    expect(project.files()).toEqual(before);
  });

  test("--apply takes the registry entry and its artifact away, and leaves a tree that validates", async () => {
    const applied = await gc("--older-than", "0s", "--apply");
    if (applied.kind !== "registry") throw new Error("not of the registry");
    expect(applied).toMatchObject({ applied: true, remove: [{ version: 2, lastServed: null }], pullRequest: null });
    expect(applied.paths).toHaveLength(3);
    expect(applied.artifacts).toHaveLength(1);
    for (const path of applied.paths ?? []) expect(existsSync(join(project.path, path))).toBe(false);
    expect(existsSync(join(project.path, "environments/registry/fraud/2"))).toBe(false);
    expect(await project.mmsp("validate")).toContain("valid");
    expect(await gc("--older-than", "0s", "--apply")).toMatchObject({ applied: false, remove: [] });
    await project.git("checkout", "--quiet", ".");
  });

  test("a duration that is none, and flags that exclude each other, are wrong usage", async () => {
    for (const args of [
      ["--older-than", "soon"],
      ["--local", "--repo", "acme/models"],
      ["--local", "--apply", "--dry-run"],
    ]) {
      expect((await project.run(["gc", ...args])).exitCode).toBe(2);
    }
  });

  test("a shallow clone is refused: it does not know what served", async () => {
    const head = await project.git("rev-parse", "HEAD");
    project.put(".git/shallow", `${head}\n`);
    const refused = await project.run(["gc", "--local", "--older-than", "0s"]);
    expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("git fetch --unshallow") });
    project.put(".git/shallow", "");
  });
});

describe("of a store outside the repository", () => {
  test("files go that neither the tree nor the base branch names, once they are old enough", async () => {
    const folder = join(project.path, ".store");
    const store = pathToFileURL(folder).href;
    mkdirSync(folder);
    renameSync(join(project.path, "artifacts/sha256"), join(folder, "sha256"));
    const settings = project.read("environments/mmsp.yaml").replace(/artifactStore: .*/, `artifactStore: ${store}`);
    project.put("environments/mmsp.yaml", settings);
    const [orphan, young] = ["0", "1"].map((digit) => `sha256/${digit.repeat(64)}/model.onnx`) as [string, string];
    for (const key of [orphan, young]) project.put(`.store/${key}`, "0123456789");
    utimesSync(join(folder, orphan), 1000, 1000);

    // The branch names a version that the working tree has lost: its file stays.
    await project.git("rm", "-r", "--quiet", "environments/registry/fraud/2");
    const planned = await gc("--store");
    expect(planned).toMatchObject({
      applied: false,
      stores: [{ store, remove: [{ key: orphan, sizeBytes: 10 }], kept: 4, bytes: 10 }],
    });
    expect(existsSync(join(folder, orphan))).toBe(true);
    expect(await gc("--store", "--apply")).toMatchObject({ applied: true, stores: [{ remove: [{ key: orphan }] }] });
    expect([orphan, young].map((key) => existsSync(dirname(join(folder, key))))).toEqual([false, true]);
    expect(await project.mmsp("gc", "--store", "--local", "--apply")).toContain("nothing to remove; 4 stay");
    await project.git("reset", "--quiet", "--hard");
  });
});

test("on GitHub, --apply opens a pull request, says its address, and is the same one the next time", async () => {
  await using hub = await startHub({ "README.md": "# Empty\n" });
  await runGit(hub.server.gitDir, ["fetch", "--quiet", project.path, "+main:main"]);
  const env = { GITHUB_API_URL: hub.server.apiUrl, GITHUB_TOKEN: token };
  const args = ["gc", "--older-than", "0s", "--repo", "acme/models", "--base", "main"];
  const opened = await project.run([...args, "--apply"], env);
  expect(opened.stderr).toBe("");
  expect(opened.stdout).toMatch(
    /✓ remove 1 version, \d+ B of artifacts in the repository\n {2}pull request #1 opened: http/,
  );
  const again = GcOutput.parse(jsonOf(await project.run([...args, "--apply", "--json"], env)));
  expect(again).toMatchObject({ applied: true, pullRequest: { number: 1, action: "unchanged" } });
  const stores = await project.run(["gc", "--store", "--repo", "acme/models", "--base", "main"], env);
  expect(stores.stdout).toBe("no store is outside the repository\n");
});
