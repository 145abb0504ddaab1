import { expect, test } from "bun:test";
import type { Change } from "../../../../cli/gitops/core/change.ts";
import { renderChange } from "../../../../cli/gitops/render/files.ts";
import { ProblemError } from "../../../../schemas/problem.ts";
import { change } from "./changes.ts";

function render(documents: Change["documents"], files: Record<string, string>) {
  return renderChange(change({ verb: "deploy", documents }), new Map(Object.entries(files)));
}

test("a document that is there is edited", () => {
  expect(render([{ path: "a.yaml", value: { x: 2 } }], { "a.yaml": "x: 1 # c\n" })).toEqual([
    { path: "a.yaml", content: "x: 2 # c\n" },
  ]);
});

test("a document that is not there is written", () => {
  expect(render([{ path: "a.yaml", value: { x: 2 } }], {})).toEqual([{ path: "a.yaml", content: "x: 2\n" }]);
});

test("a document is deleted, unless it is gone already", () => {
  const documents = ["a.yaml", "b.yaml"].map((path) => ({ path, value: null }));
  expect(render(documents, { "a.yaml": "x: 1\n" })).toEqual([{ path: "a.yaml", content: null }]);
});

test("a document that says so already makes no file", () => {
  expect(render([{ path: "a.yaml", value: { x: 1, y: 2 } }], { "a.yaml": "y: 2\nx: 1\n" })).toEqual([]);
});

test("a value to merge leaves the other keys", () => {
  const merge = { path: "k.yaml", value: { resources: ["a", "c"] }, merge: true } as const;
  expect(render([merge], { "k.yaml": "namespace: x # ours\nresources:\n- a\n- b # old\n" })).toEqual([
    { path: "k.yaml", content: "namespace: x # ours\nresources:\n- a\n- c # old\n" },
  ]);
});

test("a text that cannot be edited is told with its path", () => {
  const broken = () => render([{ path: "a.yaml", value: { x: 1 } }], { "a.yaml": "x: [\n" });
  expect(broken).toThrow(ProblemError);
  expect(broken).toThrow("a.yaml:");
});
