import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { parseMlflowAddress } from "../../../../cli/gitops/core/mlflow-uri.ts";
import { ProblemError } from "../../../../schemas/problem.ts";
import { problemOf } from "../../../support/problems.ts";

describe("an address of MLflow", () => {
  test("names a version, an alias, a stage, the latest, a logged model or an artifact of a run", () => {
    const run = "0123456789abcdef0123456789abcdef";
    const read = (text: string) => parseMlflowAddress(text);
    expect(read("models:/fraud/3")).toEqual({ kind: "version", model: "fraud", version: 3 });
    expect(read("models:/fraud@champion")).toEqual({ kind: "alias", model: "fraud", alias: "champion" });
    expect(read("models:/me@work@champion")).toEqual({ kind: "alias", model: "me@work", alias: "champion" });
    expect(read("models:/fraud/production")).toEqual({ kind: "stage", model: "fraud", stage: "Production" });
    expect(read("models:/fraud/Latest")).toEqual({ kind: "latest", model: "fraud" });
    expect(read(`models:/m-${run}`)).toEqual({ kind: "logged", id: `m-${run}` });
    expect(read(` runs:/${run}/a/b.onnx `)).toEqual({ kind: "run", run, path: "a/b.onnx" });
  });

  const wrong: readonly (readonly [string, RegExp])[] = [
    ["fraud", /write it as models:\/NAME\/VERSION/],
    ["models:/fraud", /models:\/fraud@champion or models:\/fraud\/latest/],
    ["models:/fraud/prodution", /did you mean Production\?/],
    ["models:/fraud/champion", /an alias is written models:\/fraud@champion/],
    ["models:/fraud/0", /count from 1/],
    ["models:/fraud/1/2", /write it as/],
    ["models://profile@databricks/fraud/1", /write it as/],
    ["runs:/abc", /which artifact of the run: runs:\/abc\/model/],
    ["runs:/abc/../../x", /leave \. and \.\. out/],
    ["models:/fraud/\u001b[31m1", /write it as/],
  ];
  for (const [text, hint] of wrong) {
    test(`${JSON.stringify(text)} is refused with what to write`, async () => {
      const problem = await problemOf(() => parseMlflowAddress(text));
      expect(problem).toMatchObject({ code: "mlflow-address", hint: expect.stringMatching(hint) });
    });
  }

  test("anything else is refused as a problem, whatever it is", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => `models:/${text}`),
        ),
        (text) => {
          try {
            expect(parseMlflowAddress(text).kind).toBeString();
          } catch (error) {
            expect(error).toBeInstanceOf(ProblemError);
          }
        },
      ),
    );
  });
});
