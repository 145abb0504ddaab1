import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { judgePull, type Check, type PullState } from "../../../../cli/gitops/core/follow.ts";
import { aRejection } from "../../../support/builders.ts";

function pull(more: Partial<PullState> = {}): PullState {
  return {
    number: 12,
    url: "https://github.com/acme/models/pull/12",
    title: "Deploy fraud 3 to dev at 10 %",
    branch: "mmsp/dev/fraud/deploy-3",
    base: "main",
    state: "open",
    isDraft: false,
    merging: "ready",
    review: "none",
    mergesItself: false,
    checks: [],
    mergedAs: null,
    ...more,
  };
}

function check(name: string, outcome: Check["outcome"], more: Partial<Check> = {}): Check {
  return { name, outcome, isRequired: false, url: null, ...more };
}

const says = (state: PullState) => {
  const step = judgePull(state);
  return step.kind === "wait" ? step.says : step.kind === "stop" ? step.problem.code : step.commit;
};

describe("a pull request that is waited for", () => {
  test("has arrived when it is merged, whatever its checks say", () => {
    const merged = pull({ state: "merged", mergedAs: "abc", checks: [check("validate", "failed")] });
    expect(judgePull(merged)).toEqual({ kind: "arrived", commit: "abc" });
  });

  test("is not waited for when it is closed, or conflicts with the base branch", () => {
    expect(says(pull({ state: "closed" }))).toBe("pull-request-closed");
    expect(says(pull({ merging: "conflict" }))).toBe("pull-request-conflict");
  });

  test.each([
    ["mmsp/dev/fraud/promote-3", "Promote fraud 3 to stable in dev", "mmsp promote fraud --version 3 --env dev"],
    [
      "mmsp/prod/fraud/promote-3",
      "Promote fraud 3 from staging to prod at 5 %",
      "mmsp promote fraud --version 3 --env staging --to prod",
    ],
    ["mmsp/prod/card-fraud/deploy-12-2", "Mine", "mmsp deploy card-fraud --version 12 --env prod"],
    ["mmsp/dev/fraud/rollback-3", "", "mmsp rollback fraud --version 3 --env dev"],
    ["mmsp/registry/fraud/4-0123abcd", "", "mmsp register fraud --version 4 --model-path FILE"],
    ["mmsp/registry/fraud/4-0123abcd-2", "", "mmsp register fraud --version 4 --model-path FILE"],
    ["mmsp/dev/_all/promote-12345678", "Promote 2 canaries to stable in dev", "mmsp promote --all --env dev"],
    [
      "mmsp/prod/_all/promote-12345678",
      "Promote fraud 3 from staging to prod as stable",
      "mmsp promote --all --env staging --to prod",
    ],
    ["mmsp/prod/_all/promote-12345678", "Promote 2 versions to prod", "mmsp promote --all --env ENV --to prod"],
    ["mmsp/gc/registry-2", "", "mmsp gc --apply"],
  ])(
    "names the command that plans it anew, whole, which need not be the one that waits: %s",
    (branch, title, command) => {
      const hint = (more: Partial<PullState>) => {
        const step = judgePull(pull({ branch, title, ...more }));
        return step.kind === "stop" ? step.problem.hint : "";
      };
      expect(hint({ merging: "conflict" })).toBe(`run \`${command}\` again: it is then planned on what main says now`);
      expect(hint({ state: "closed" })).toEndWith(`; \`${command}\` opens a new one`);
    },
  );

  test("is to be closed where its version was rejected since, and not to be made anew", () => {
    const rejection = aRejection(3, { reason: "too many errors" });
    expect(judgePull(pull({ merging: "conflict" }), rejection)).toMatchObject({
      problem: { hint: "close it: version 3 was rejected since (guard: too many errors)" },
    });
    expect(judgePull(pull({ state: "closed" }), rejection)).toMatchObject({
      problem: {
        hint: "somebody said no, or its branch was deleted; version 3 was rejected since (guard: too many errors)",
      },
    });
    expect(judgePull(pull(), rejection).kind).toBe("wait");
  });

  test("of somebody's own branch names no command", () => {
    const step = judgePull(pull({ branch: "feature/rates", merging: "conflict" }));
    expect(step).toMatchObject({ problem: { hint: "bring its branch up to date with main" } });
    expect(judgePull(pull({ branch: "feature/rates", state: "closed" }))).toMatchObject({
      problem: { hint: "somebody said no, or its branch was deleted" },
    });
  });

  test("ends with the name and the page of a required check that failed", () => {
    const url = "https://ci.example.com/7";
    const checks = [check("lint", "failed"), check("validate", "failed", { isRequired: true, url })];
    const step = judgePull(pull({ merging: "blocked", checks }));
    if (step.kind !== "stop") throw new Error("it goes on");
    expect(step.problem).toMatchObject({
      code: "check-failed",
      message: `the check "validate" of pull request #12 failed: ${url}`,
      hint: expect.stringContaining("`mmsp wait 12`"),
    });
  });

  test("goes on over a check that failed and is not required, where others are; where none is, each counts", () => {
    const failed = check("lint", "failed");
    const required = check("validate", "pending", { isRequired: true });
    expect(says(pull({ checks: [failed, required] }))).toBe("waiting for the check validate (1 of 2 done)");
    expect(says(pull({ checks: [failed] }))).toBe("check-failed");
  });

  test.each([
    ["a draft", { isDraft: true }, "it is a draft: somebody has to mark it as ready"],
    [
      "checks that run",
      {
        merging: "blocked",
        checks: ["a", "b", "c", "d", "e"].map((name) => check(name, name === "e" ? "passed" : "pending")),
      },
      "waiting for checks a, b, c and 1 more (1 of 5 done)",
    ],
    ["a reviewer's objection", { merging: "blocked", review: "changes-requested" }, "a reviewer asked for changes"],
    ["a review", { merging: "blocked", review: "required" }, "waiting for a review"],
    ["a branch that is behind", { merging: "behind" }, "its branch has to be brought up to date with main"],
    ["GitHub", { merging: "unknown" }, "GitHub is working out whether it can be merged"],
    ["a check that has not started", { merging: "blocked" }, "no check has started yet"],
    ["another rule", { merging: "blocked", checks: [check("validate", "passed")] }, "a rule of main is not met yet"],
    [
      "checks that it may not see",
      { merging: "blocked", checks: null },
      "waiting for what main requires (the token may not see the checks)",
    ],
    ["a person", {}, "ready, waiting for somebody to merge it"],
    ["auto-merge", { mergesItself: true }, "all is well: GitHub is about to merge it"],
  ] as const)("says that it waits for %s", (_, more, words) => {
    expect(says(pull(more))).toBe(words);
  });

  test("always says something, and arrives only when it is merged", () => {
    const anyCheck = fc.record({
      name: fc.string({ minLength: 1 }),
      outcome: fc.constantFrom("pending", "passed", "failed"),
      isRequired: fc.boolean(),
      url: fc.constantFrom(null, "https://ci.example.com/1"),
    });
    const anyPull = fc.record({
      state: fc.constantFrom("open", "merged", "closed"),
      isDraft: fc.boolean(),
      merging: fc.constantFrom("ready", "conflict", "behind", "blocked", "unknown"),
      review: fc.constantFrom("approved", "changes-requested", "required", "none"),
      mergesItself: fc.boolean(),
      checks: fc.option(fc.array(anyCheck, { maxLength: 4 })),
    } as const);
    fc.assert(
      fc.property(anyPull, (more) => {
        const state = pull({ ...more, mergedAs: more.state === "merged" ? "abc" : null });
        const step = judgePull(state);
        expect(step.kind === "arrived").toBe(state.state === "merged");
        if (step.kind === "wait") expect(step.says).not.toBe("");
        if (step.kind === "stop") expect(step.problem.hint).not.toBe("");
      }),
    );
  });
});
