import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, renameSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inspectModel } from "../../../../../cli/gitops/edges/onnx/inspect.ts";
import { temporaryFolder } from "../../../../support/folder.ts";
import { weightedModel } from "../../../../support/models.ts";
import { encodeModel, externalData } from "../../../../support/onnx.ts";
import { problemOf, problemsOf } from "../../../../support/problems.ts";
import { sha256 } from "../../../../support/versions.ts";

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder[Symbol.dispose]());

/** Writes a model and the files beside it; the path of the model. */
function put(model: ReturnType<typeof weightedModel>): string {
  for (const [name, content] of externalData(model)) folder.put(name, content);
  return folder.put("model.onnx", encodeModel(model));
}

describe("a model that keeps weights in files beside it", () => {
  test("is tried with them, and each is described by its digest", async () => {
    const model = weightedModel({ weights: "model.onnx.data", bias: "more/bias 1.bin" });
    const { files, signature, parameters } = await inspectModel(put(model), null);
    const data = [...externalData(model)];
    expect(files.map(({ content: _content, ...facts }) => facts)).toEqual(
      data.map(([file, bytes]) => ({ file, sha256: sha256(bytes), sizeBytes: bytes.length })),
    );
    expect(files.map(({ file }) => file)).toEqual(["model.onnx.data", "more/bias 1.bin"]);
    expect(signature.outputs).toEqual([{ name: "out", datatype: "FP32", shape: [-1, 2] }]);
    expect(parameters).toBe(8);
  });

  test("may keep several tensors in one file, with and without their lengths", async () => {
    const model = weightedModel({ weights: "./w.bin", bias: "./w.bin", biasOffset: 4096, length: null });
    const { files } = await inspectModel(put(model), null);
    expect(files.map(({ file, sizeBytes }) => [file, sizeBytes])).toEqual([["w.bin", 4096 + 8]]);
  });

  test("is read anew when it is stored, and what was changed since is refused", async () => {
    const { files } = await inspectModel(put(weightedModel({ weights: "w.bin" })), null);
    writeFileSync(join(folder.path, "w.bin"), new Uint8Array(24));
    const problem = await problemOf(() => Array.fromAsync(files[0]!.content.stream()));
    expect(problem).toMatchObject({ code: "artifact-digest", file: join(folder.path, "w.bin") });
  });

  test("is refused where files are missing or truncated, all of them at once, with the size that they need", async () => {
    const path = put(weightedModel({ weights: "w.bin", bias: "b.bin" }));
    truncateSync(join(folder.path, "w.bin"), 20);
    renameSync(join(folder.path, "b.bin"), join(folder.path, "c.bin"));
    const problems = await problemsOf(() => inspectModel(path, null));
    expect(problems.map(({ code, file, message }) => [code, file, message])).toEqual([
      [
        "model-external-truncated",
        join(folder.path, "w.bin"),
        "has 20 bytes, but the model has weights in it up to byte 24",
      ],
      [
        "model-external-missing",
        join(folder.path, "b.bin"),
        "there is no such file; the model has weights in it, up to byte 8",
      ],
    ]);
  });

  test.each(["/etc/passwd", "../w.bin", "a/../../w.bin", "..", ".", "", "a//b", "a\\b", "C:/w.bin", "a\u0000b"])(
    "is refused where it names one that is not beside it: %p",
    async (location) => {
      const model = weightedModel({ weights: location });
      const problem = await problemOf(() => inspectModel(folder.put("model.onnx", encodeModel(model)), null));
      expect(problem).toMatchObject({ code: "model-external-path", file: join(folder.path, "model.onnx") });
      expect(problem.message).toContain(JSON.stringify(location));
    },
  );

  test("is refused where one is reached through a symbolic link", async () => {
    using elsewhere = temporaryFolder({ "w.bin": new Uint8Array(24) });
    const path = folder.put("model.onnx", encodeModel(weightedModel({ weights: "w.bin" })));
    symlinkSync(join(elsewhere.path, "w.bin"), join(folder.path, "w.bin"));
    const linked = await problemOf(() => inspectModel(path, null));
    expect(linked).toMatchObject({ code: "model-external-link", file: join(folder.path, "w.bin") });
    symlinkSync(elsewhere.path, join(folder.path, "weights"));
    const inFolder = folder.put("model.onnx", encodeModel(weightedModel({ weights: "weights/w.bin" })));
    const through = await problemOf(() => inspectModel(inFolder, null));
    expect(through).toMatchObject({ code: "model-external-link", file: join(folder.path, "weights") });
    mkdirSync(join(folder.path, "folder"));
    const asFolder = folder.put("model.onnx", encodeModel(weightedModel({ weights: "folder" })));
    expect(await problemOf(() => inspectModel(asFolder, null))).toMatchObject({ code: "file-not-regular" });
  });

  test("may keep the constants of its nodes, and of graphs in them, there too", async () => {
    const inside = weightedModel({ weights: "w.bin", inBranch: true });
    const { files } = await inspectModel(put(inside), null);
    expect(files.map(({ file }) => file)).toEqual(["w.bin"]);
  });
});
