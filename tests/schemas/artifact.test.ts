import { expect, test } from "bun:test";
import { addressBeside, bytesOf, digest8Of, filesOf, sameArtifact } from "../../schemas/artifact.ts";
import { validateModelVersion } from "../../schemas/json/validators.js";
import { aVersion, digest } from "../support/builders.ts";

const sha256 = digest("model");
const file = (name: string, seed: string = name) => ({ file: name, sha256: digest(seed), sizeBytes: 10 });

test("a model's own file comes first, under a name that none of the others has", () => {
  const artifact = { key: `sha256/${sha256}/a.onnx`, sha256, sizeBytes: 1 };
  expect(filesOf(artifact)).toEqual([{ file: "model.onnx", ...artifact }]);
  const names = filesOf({ ...artifact, files: [file("model.onnx/w"), file("b.bin")] }).map((one) => one.file);
  expect(new Set(names).size).toBe(3);
  expect(names[0]).not.toStartWith("model.onnx/");
  expect(names[0]).not.toBe("model.onnx");
  expect(bytesOf({ ...artifact, files: [file("a"), file("b")] })).toBe(21);
});

test("files beside one by reference are at addresses beside its own", () => {
  expect(addressBeside("https://host/a/m.onnx?x=1", "w #1/b.bin")).toBe("https://host/a/w%20%231/b.bin");
  expect(addressBeside("https://host/a/m.onnx", "C:b")).toBe("https://host/a/C%3Ab");
});

test("two artifacts are the same model where all of their files are", () => {
  const one = { sha256, files: [file("a"), file("b")] };
  expect(sameArtifact(one, { sha256, files: [file("b"), file("a")] })).toBeTrue();
  expect(sameArtifact({ sha256 }, { sha256, files: undefined })).toBeTrue();
  for (const other of [
    { sha256 },
    { sha256, files: [file("a")] },
    { sha256, files: [file("a"), file("c")] },
    { sha256, files: [file("a"), file("b", "other bytes")] },
    { ...one, sha256: digest("another") },
  ]) {
    expect(sameArtifact(one, other)).toBeFalse();
    expect(digest8Of(one)).not.toBe(digest8Of(other));
  }
});

test("eight digits stand for a lone file's digest, or for all of several", () => {
  expect(digest8Of({ sha256 })).toBe(sha256.slice(0, 8));
  const twins = { sha256, files: [file("a", "same"), file("b", "same")] };
  expect(digest8Of(twins)).toMatch(/^[0-9a-f]{8}$/);
  expect(digest8Of(twins)).not.toBe(digest8Of({ sha256 }));
});

test.each([
  ["w.bin", true],
  ["a/b/c d.bin", true],
  ["..data", true],
  [".hidden/x", true],
  ["...", true],
  ["onnx::MatMul_12", true],
  ["", false],
  [".", false],
  ["..", false],
  ["../w.bin", false],
  ["a/../w.bin", false],
  ["a/./w.bin", false],
  ["/etc/passwd", false],
  ["a//b", false],
  ["a/", false],
  ["a\\b", false],
  ["a\nb", false],
])("a file beside a model may be called %p: %p", (name, valid) => {
  const artifact = { key: `sha256/${sha256}/m.onnx`, sha256, sizeBytes: 1, files: [file(name)] };
  expect(validateModelVersion(aVersion("fraud", 1, { artifact }))).toBe(valid);
});
