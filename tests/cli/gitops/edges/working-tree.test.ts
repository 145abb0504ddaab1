import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { findRoot, openWorkingTree } from "../../../../cli/gitops/edges/working-tree.ts";
import { temporaryFolder } from "../../../support/folder.ts";
import { problemOf, problemsOf } from "../../../support/problems.ts";

const project = "environments/mmsp.yaml";
const stage = "environments/staging/environment.yaml";
const deployment = "environments/staging/models/fraud/deployment.yaml";
const kustomization = "environments/staging/models/fraud/kustomization.yaml";
const version = "environments/registry/fraud/1/model-version.yaml";

/** Texts need not be valid here: that is the business of the schemas. */
const sample = {
  [project]: "project\n",
  [stage]: "staging\n",
  [deployment]: "# deployed\r\nby: hand",
  [kustomization]: "resources: []\n",
  [version]: "one\n",
  "environments/staging/models/churn/deployment.yaml": "churn\n",
  "environments/prod/environment.yaml": "prod\n",
  "environments/prod/models/fraud/deployment.yaml": "prod fraud\n",
  "environments/registry/churn/1/model-version.yaml": "churn one\n",
  "environments/registry/README.md": "what this is\n",
  "environments/staging/platform/kustomization.yaml": "platform\n",
  "environments/drafts/notes.txt": "not an environment\n",
  "README.md": "project\n",
};

/** Every file below a folder -> its text, hidden ones too. */
function texts(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  const files = names.filter((name) => statSync(join(folder, name)).isFile());
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

describe("reading", () => {
  test("gives the documents of one model in one environment, and all names", async () => {
    using folder = temporaryFolder(sample);
    const snapshot = await openWorkingTree(folder.path).read({ models: ["fraud"], environments: ["staging"] });
    expect([...snapshot.files.keys()].sort()).toEqual([project, version, stage, deployment, kustomization].sort());
    expect(snapshot.files.get(deployment)).toBe("# deployed\r\nby: hand");
    expect(snapshot).toMatchObject({
      head: null,
      proposals: [],
      unreadable: [],
      environmentNames: ["prod", "staging"],
      modelNames: ["churn", "fraud"],
    });
  });

  test("gives every model where the scope names none, and no environment that it does not name", async () => {
    using folder = temporaryFolder(sample);
    const tree = openWorkingTree(folder.path);
    const all = await tree.read({ models: null, environments: ["staging", "prod"] });
    expect(all.files).toEqual(await tree.readAll());
    const registry = await tree.read({ models: null, environments: [] });
    expect([...registry.files.keys()].every((path) => path === project || path.includes("/registry/"))).toBeTrue();
    expect(registry.environmentNames).toEqual(["prod", "staging"]);
  });

  test("knows nothing of models and environments that are not there", async () => {
    using folder = temporaryFolder(sample);
    const snapshot = await openWorkingTree(folder.path).read({ models: ["nobody"], environments: ["moon"] });
    expect([...snapshot.files.keys()]).toEqual([project]);
  });

  test("leaves out what is no document, but not a document with the extension .yml", async () => {
    using folder = temporaryFolder({ ...sample, "environments/qa/environment.yml": "misnamed\n" });
    const files = await openWorkingTree(folder.path).readAll();
    expect([...files.keys()].filter((path) => /README|platform|notes/.test(path))).toEqual([]);
    expect(files.get("environments/qa/environment.yml")).toBe("misnamed\n");
  });

  test("keeps a byte order mark, so that it is written back", async () => {
    using folder = temporaryFolder({ ...sample, [deployment]: "\uFEFFa: 1\n" });
    const files = await openWorkingTree(folder.path).readAll();
    expect(files.get(deployment)).toBe("\uFEFFa: 1\n");
  });

  test("tells every file that is too large, binary, or not UTF-8, in one go", async () => {
    using folder = temporaryFolder({
      ...sample,
      [stage]: "a".repeat(1024 * 1024 + 1),
      [deployment]: "a: 1\0",
      [version]: Buffer.from("name: caf\xe9\n", "latin1"),
    });
    mkdirSync(join(folder.path, "environments/prod/models/churn/deployment.yaml"), { recursive: true });
    const problems = await problemsOf(() => openWorkingTree(folder.path).readAll());
    expect(Object.fromEntries(problems.map((problem) => [problem.file, problem.code]))).toEqual({
      [stage]: "document-too-large",
      [deployment]: "document-not-text",
      [version]: "document-not-text",
      "environments/prod/models/churn/deployment.yaml": "file-not-regular",
    });
  });

  test("does not wait for a pipe in place of a document", async () => {
    using folder = temporaryFolder({ [project]: "project\n" });
    mkdirSync(join(folder.path, "environments/staging"));
    expect(Bun.spawnSync(["mkfifo", join(folder.path, stage)]).exitCode).toBe(0);
    const problem = await problemOf(() => openWorkingTree(folder.path).readAll());
    expect(problem).toMatchObject({ code: "file-not-regular", file: stage });
  });

  test("follows a link inside the repository, never one that leaves it", async () => {
    using outside = temporaryFolder({ "environment.yaml": "secret\n" });
    using folder = temporaryFolder(sample);
    symlinkSync("staging", join(folder.path, "environments/canary"));
    const inside = await openWorkingTree(folder.path).readAll();
    expect(inside.get("environments/canary/environment.yaml")).toBe("staging\n");
    symlinkSync("../staging/environment.yaml", join(folder.path, "environments/drafts/environment.yaml"));
    expect((await openWorkingTree(folder.path).readAll()).get("environments/drafts/environment.yaml")).toBe(
      "staging\n",
    );
    symlinkSync(
      join(outside.path, "environment.yaml"),
      join(folder.path, "environments/registry/churn/1/kustomization.yaml"),
    );
    const file = await problemOf(() => openWorkingTree(folder.path).readAll());
    expect(file).toMatchObject({ code: "path-outside", file: "environments/registry/churn/1/kustomization.yaml" });
    symlinkSync(outside.path, join(folder.path, "environments/evil"));
    const problem = await problemOf(() => openWorkingTree(folder.path).readAll());
    expect(problem).toMatchObject({ code: "path-outside", file: "environments/evil" });
    expect(problem.hint).toBeDefined();
  });

  test.each(["../staging", "a/../../b", "/etc", "a\\b", ".git", "a//b"])("refuses the model name %p", async (model) => {
    using folder = temporaryFolder(sample);
    const problem = await problemOf(() => openWorkingTree(folder.path).read({ models: [model], environments: [] }));
    expect(problem.code).toBe("path-outside");
  });
});

describe("writing", () => {
  test("creates, changes and deletes files and folders, and tells which paths changed", async () => {
    using folder = temporaryFolder(sample);
    const changed = await openWorkingTree(folder.path).write([
      { path: "environments/registry/fraud/2/model-version.yaml", content: "two\n" },
      { path: deployment, content: "changed\n" },
      { path: stage, content: "staging\n" },
      { path: version, content: null },
      { path: "environments/registry/fraud/9/model-version.yaml", content: null },
      { path: "store/sha256/blob", content: Uint8Array.from([0, 255]) },
    ]);
    expect(changed).toEqual([
      "environments/registry/fraud/2/model-version.yaml",
      deployment,
      version,
      "store/sha256/blob",
    ]);
    const { [version]: _gone, ...rest } = sample;
    expect(texts(folder.path)).toEqual({
      ...rest,
      [deployment]: "changed\n",
      "environments/registry/fraud/2/model-version.yaml": "two\n",
      "store/sha256/blob": "\0\uFFFD",
    });
    expect(existsSync(join(folder.path, "environments/registry/fraud/1"))).toBeFalse();
  });

  test("keeps the permissions of a file", async () => {
    using folder = temporaryFolder(sample);
    chmodSync(join(folder.path, deployment), 0o640);
    await openWorkingTree(folder.path).write([{ path: deployment, content: "changed\n" }]);
    expect(statSync(join(folder.path, deployment)).mode & 0o777).toBe(0o640);
  });

  test("puts everything back where one file cannot be written", async () => {
    using folder = temporaryFolder(sample);
    // `new` becomes a folder while the files are prepared, so that moving a file there fails, after others were moved.
    const problem = await problemOf(() =>
      openWorkingTree(folder.path).write([
        { path: deployment, content: "changed\n" },
        { path: version, content: null },
        { path: "environments/fresh/environment.yaml", content: "fresh\n" },
        { path: "new", content: "file" },
        { path: "new/inside", content: "file" },
      ]),
    );
    expect(problem).toMatchObject({ code: "tree-unwritable", file: "new" });
    expect(problem.hint).toContain("no file was changed");
    expect(texts(folder.path)).toEqual(sample);
    expect(readdirSync(folder.path).sort()).toEqual(["README.md", "environments"]);
    expect(existsSync(join(folder.path, "environments/fresh"))).toBeFalse();
  });

  test("writes all or nothing, whichever files are asked for (property)", async () => {
    const path = fc
      .array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 3 })
      .map((parts) => parts.join("/"));
    const content = fc.option(fc.string(), { nil: null });
    const writes = fc.uniqueArray(fc.record({ path, content }), { selector: (file) => file.path, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(writes, writes, async (first, second) => {
        using folder = temporaryFolder();
        const tree = openWorkingTree(folder.path);
        for (const files of [first, second]) {
          const before = texts(folder.path);
          const after = Object.fromEntries(
            Object.entries({ ...before, ...Object.fromEntries(files.map((file) => [file.path, file.content])) }).filter(
              (entry): entry is [string, string] => entry[1] !== null,
            ),
          );
          const done = await tree.write(files).then(
            () => true,
            () => false,
          );
          expect(texts(folder.path)).toEqual(done ? after : before);
        }
      }),
      { numRuns: 150 },
    );
  });

  test("never leaves the repository, by name or through a link", async () => {
    using outside = temporaryFolder({ "kept.yaml": "kept\n" });
    using folder = temporaryFolder(sample);
    symlinkSync(outside.path, join(folder.path, "environments/link"));
    symlinkSync(join(outside.path, "nowhere"), join(folder.path, "environments/dangling"));
    const tree = openWorkingTree(folder.path);
    const paths = [
      "../escaped.yaml",
      "environments/../../escaped.yaml",
      join(outside.path, "kept.yaml"),
      ".git/config",
      "environments/link/kept.yaml",
      "environments/link/new/file.yaml",
      "environments/dangling",
    ];
    for (const path of paths) {
      const problem = await problemOf(() =>
        tree.write([
          { path: deployment, content: "changed\n" },
          { path, content: "x" },
        ]),
      );
      expect([path, problem.code]).toEqual([path, expect.stringMatching(/^path-(outside|unreachable)$/)]);
    }
    expect(texts(outside.path)).toEqual({ "kept.yaml": "kept\n" });
    expect(readFileSync(join(folder.path, deployment), "utf8")).toBe(sample[deployment]);
  });

  test("replaces no folder by a file", async () => {
    using folder = temporaryFolder(sample);
    const problem = await problemOf(() => openWorkingTree(folder.path).write([{ path: "environments", content: "x" }]));
    expect(problem).toMatchObject({ code: "file-not-regular", file: "environments" });
  });
});

describe("the root", () => {
  test("is the nearest folder upwards that holds environments/mmsp.yaml", () => {
    using folder = temporaryFolder(sample);
    expect(findRoot(folder.path)).toBe(folder.path);
    expect(findRoot(join(folder.path, "environments/staging/models"))).toBe(folder.path);
  });

  test("is missed with a hint to run mmsp init", async () => {
    using folder = temporaryFolder({ "README.md": "empty\n" });
    const none = await problemOf(() => findRoot(folder.path));
    expect(none).toMatchObject({ code: "project-missing", hint: expect.stringContaining("mmsp init") });
    const nowhere = await problemOf(() => findRoot(join(folder.path, "nowhere")));
    expect(nowhere.message).toContain("no such folder");
  });
});
