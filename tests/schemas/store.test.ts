import { expect, test } from "bun:test";
import { isInRepository, storePath } from "../../schemas/store.ts";

test.each(["artifacts", "examples/store/", "a"])("%p is a folder of the repository", (store) => {
  expect(isInRepository(store)).toBe(true);
});

test.each(["file:///srv/models", "s3://bucket/prefix", "S3://bucket", "git+ssh://host/x", "file:/srv"])(
  "%p is outside, whatever its scheme",
  (store) => {
    expect(isInRepository(store)).toBe(false);
  },
);

test("a key stands below its store, however the store ends", () => {
  expect(storePath("examples/store/", "sha256/ab/m.onnx")).toBe("examples/store/sha256/ab/m.onnx");
  expect(storePath("s3://bucket", "sha256/ab/m.onnx")).toBe("s3://bucket/sha256/ab/m.onnx");
});
