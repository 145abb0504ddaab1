import { expect, test } from "bun:test";
import { OutsideError } from "../../cli/gitops/core/ports.ts";
import { RequestError } from "../../gateway/core/errors.ts";
import { logLine } from "../../gateway/log.ts";
import { ProblemError } from "../../schemas/problem.ts";

const logged = (error: unknown): unknown =>
  (JSON.parse(logLine("2026-11-21T08:00:00.000Z", "error", "it failed", { error })) as { error: unknown }).error;

test("an entry is one line of JSON", () => {
  const line = logLine("2026-11-21T08:00:00.000Z", "warn", "two\nlines", { model: "fraud" });
  expect(line).not.toContain("\n");
  expect(JSON.parse(line)).toEqual({
    at: "2026-11-21T08:00:00.000Z",
    level: "warn",
    message: "two\nlines",
    model: "fraud",
  });
});

test("an error that nobody foresaw comes with its stack, and with its cause", () => {
  const error = new TypeError("x is not a function", { cause: new Error("because") });
  expect(logged(error)).toEqual({
    name: "TypeError",
    message: "x is not a function",
    cause: "because",
    stack: expect.stringContaining("log.test.ts"),
  });
});

test("an error that is meant for people comes without one", () => {
  const problem = { code: "c", file: "a.yaml", message: "is broken", hint: "mend it" };
  expect(logged(new ProblemError([problem]))).toBe("a.yaml: is broken\n  hint: mend it");
  for (const error of [new RequestError(400, "c", "no"), new OutsideError("no", { retryable: true, hint: "wait" })]) {
    expect(logged(error)).toEqual({ name: error.name, message: "no" });
  }
});
