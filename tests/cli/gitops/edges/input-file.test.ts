import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { storeName } from "../../../../cli/gitops/edges/input-file.ts";
import { systemReason } from "../../../../cli/gitops/edges/system-error.ts";

test("a file's name becomes one that an artifact key may hold", () => {
  expect(storeName("/models/fraud.onnx")).toBe("fraud.onnx");
  expect(storeName("my model (2).onnx")).toBe("my-model-2-.onnx");
  expect(storeName("../.hidden")).toBe("hidden");
  expect(storeName("模型")).toBe("file");
  expect(storeName(`a${"-".repeat(300)}`)).toBe("file");
});

test("whatever a file is called, its key is valid (property)", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 300 }), (name) => {
      expect(storeName(name)).toMatch(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/);
    }),
  );
});

test("what the operating system says is put into words, with its code", () => {
  expect(systemReason(Object.assign(new Error("x"), { code: "EACCES" }))).toBe("permission denied (EACCES)");
  expect(systemReason(Object.assign(new Error("x"), { code: "EWHAT" }))).toBe("the operating system refused (EWHAT)");
  expect(systemReason(new Error("something else"))).toBe("something else");
});
