import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, truncateSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { inspectModel } from "../../../../../cli/gitops/edges/onnx/inspect.ts";
import { ProblemError } from "../../../../../schemas/problem.ts";
import { temporaryFolder } from "../../../../support/folder.ts";
import { linearModel } from "../../../../support/models.ts";
import { problemOf } from "../../../../support/problems.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

const inspect = (content: Uint8Array | string) => inspectModel(folder.put("model.onnx", content), null);
const refusal = (content: Uint8Array | string) => problemOf(() => inspect(content));

describe("a file that is no model", () => {
  const strangers: readonly (readonly [string, string | Uint8Array])[] = [
    ["a web page", "<!DOCTYPE html><html><body>Sign in</body></html>"],
    ["a zip archive", Buffer.from("PK\x03\x04\x14\x00\x00\x00", "latin1")],
    ["a Python pickle", Buffer.from("\x80\x04\x95\x1a\x00\x00", "latin1")],
    ["JSON text", '{"weights": [1, 2]}'],
    ["text", "dear model, where are you?"],
    ["an HDF5 file", Buffer.from("\x89HDF\r\n\x1a\n\x00", "latin1")],
    ["a Parquet file", Buffer.from("PAR1\x15\x04\x15", "latin1")],
    ["a gzip archive", Bun.gzipSync(Buffer.from("model"))],
    ["a TensorFlow Lite model", Buffer.from("\x1c\x00\x00\x00TFL3\x00", "latin1")],
    ["a safetensors file", Buffer.from('\x40\x00\x00\x00\x00\x00\x00\x00{"__metadata__":{}}', "latin1")],
  ];
  test.each(strangers)("is recognised as %s", async (what, content) => {
    const problem = await refusal(content);
    expect(problem.code).toBe("model-not-onnx");
    expect(problem.message).toContain(`it looks like ${what}`);
    expect(problem.file).toBe(join(folder.path, "model.onnx"));
    expect(problem.hint).toBeDefined();
  });

  test("is refused where nobody can say what it is", async () => {
    const problem = await refusal(Uint8Array.from([1, 2, 3, 255]));
    expect(problem).toMatchObject({ code: "model-not-onnx", message: "is not an ONNX model" });
  });

  test("may be missing, a folder, empty or too large", async () => {
    mkdirSync(join(folder.path, "folder.onnx"));
    const huge = folder.put("huge.onnx", "");
    truncateSync(huge, 2 * 1024 ** 3 + 1);
    const missing = await problemOf(() => inspectModel(join(folder.path, "nowhere.onnx"), null));
    const folderProblem = await problemOf(() => inspectModel(join(folder.path, "folder.onnx"), null));
    const empty = await refusal("");
    const large = await problemOf(() => inspectModel(huge, null));
    expect([missing, folderProblem, empty, large].map((problem) => problem.code)).toEqual([
      "file-missing",
      "file-is-folder",
      "file-empty",
      "file-too-large",
    ]);
  });

  test("may be a git-lfs pointer, and the hint says what to run", async () => {
    const problem = await refusal(
      `version https://git-lfs.github.com/spec/v1\noid sha256:${"0".repeat(64)}\nsize 12345\n`,
    );
    expect(problem.code).toBe("file-lfs-pointer");
    expect(problem.hint).toContain("git lfs pull");
  });

  test("never crashes the inspection, whatever its bytes are", async () => {
    const model = linearModel();
    const damaged = fc
      .array(fc.tuple(fc.nat(model.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
      .map((edits) => edits.reduce((copy, [at, value]) => copy.with(at, value), model));
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.uint8Array({ minLength: 1 }), damaged), async (content) => {
        const outcome = await inspect(content).catch((error: unknown) => error);
        if (outcome instanceof Error) expect(outcome).toBeInstanceOf(ProblemError);
      }),
      { numRuns: 200 },
    );
  });
});
