import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { readMetrics } from "../../../../cli/gitops/edges/metrics-file.ts";
import { temporaryFolder } from "../../../support/folder.ts";
import { problemOf, problemsOf } from "../../../support/problems.ts";

const refusal = async (content: string) => {
  using folder = temporaryFolder({ "metrics.json": content });
  return await problemOf(() => readMetrics(`${folder.path}/metrics.json`));
};

test("metrics are read as they stand in the file", async () => {
  using folder = temporaryFolder({ "metrics.json": '{"f1": 0.5, "accuracy": 0.97, "loss": -1e-3, "rows": 114}' });
  const metrics = await readMetrics(`${folder.path}/metrics.json`);
  expect(Object.entries(metrics)).toEqual([
    ["f1", 0.5],
    ["accuracy", 0.97],
    ["loss", -0.001],
    ["rows", 114],
  ]);
});

test("any finite numbers come through unchanged (property)", async () => {
  using folder = temporaryFolder();
  const name = fc.stringMatching(/^[\w .@/-]{1,40}$/);
  const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (value === 0 ? 0 : value));
  await fc.assert(
    fc.asyncProperty(fc.dictionary(name, number), async (metrics) => {
      const path = folder.put("metrics.json", JSON.stringify(metrics));
      expect({ ...(await readMetrics(path)) }).toEqual({ ...metrics });
    }),
  );
});

test.each([
  ["NaN", "is NaN, not a finite number"],
  ["-Infinity", "is -Infinity, not a finite number"],
  ["1e999", "is too large for a number"],
  ['"0.97"', "is a string, not a number"],
  ["null", "is null, not a number"],
  ["true", "is true, not a number"],
  ["[0.9, 0.8]", "is a list, not a number"],
  ['{"mean": 0.9}', "is an object, not a number"],
])("the value %s is refused by the name of its metric", async (value, message) => {
  const problem = await refusal(`{"loss": 1, "accuracy": ${value}}`);
  expect(problem).toMatchObject({ code: "metric-not-number", path: "accuracy", message });
  expect(problem.hint).toBeDefined();
});

test("all wrong metrics are told at once", async () => {
  using folder = temporaryFolder({ "metrics.json": '{"a": "1", "b": 2, "c": null, "": 1}' });
  const problems = await problemsOf(() => readMetrics(`${folder.path}/metrics.json`));
  expect(problems.map((problem) => [problem.code, problem.path])).toEqual([
    ["metric-not-number", "a"],
    ["metric-not-number", "c"],
    ["metric-name", undefined],
  ]);
});

test.each([
  ["accuracy: 0.97", "metrics-not-json"],
  ['{"accuracy": 0.97', "metrics-not-json"],
  ["[0.97]", "metrics-not-object"],
  ["0.97", "metrics-not-object"],
  ["null", "metrics-not-object"],
  ["", "file-empty"],
  [`{"accuracy": 0.97${" ".repeat(64 * 1024)}}`, "file-too-large"],
])("the file %# is refused", async (content, code) => {
  const problem = await refusal(content);
  expect(problem.code).toBe(code);
  expect(problem.hint).toBeDefined();
});

test("a missing file is told by its path", async () => {
  const problem = await problemOf(() => readMetrics("nowhere/metrics.json"));
  expect(problem).toMatchObject({ code: "file-missing", file: "nowhere/metrics.json" });
});
