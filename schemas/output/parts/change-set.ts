import { z } from "zod";
import { Name, Version } from "../../fields.ts";
import { common, end, pullRequest, pushed, wouldBe } from "./change.ts";
import { list } from "./list.ts";
import { ProblemOutput } from "./problem.ts";

const { model, version, traffic, notices } = common;

const together = {
  verb: z.literal("promote"),
  environment: Name,
  title: z.string().describe("of the commit and of the pull request"),
  partial: z.boolean().describe("some models were refused, and the exit code is 1: `left` says which, and why"),
  changes: list(z.strictObject({ model, version, traffic, notices })).describe("by model"),
  left: list(
    z.strictObject({
      model: Name,
      version: Version.nullable(),
      reason: z.string(),
      problems: list(ProblemOutput).describe("empty where nothing stands in the way: it is so already"),
    }),
  ).describe("models that were meant and stay as they are"),
  notices: notices.describe("about all of them together"),
};

/** Changes of several models that go together, as `promote --all` prints them. */
export const ChangeSetOutput = z.discriminatedUnion("status", [
  z.strictObject({ status: z.literal("published").describe("as one pull request"), ...together, pullRequest, end }),
  z.strictObject({ status: z.literal("pushed").describe("as one branch"), ...together, pushed }),
  z.strictObject({ status: z.literal("written"), ...together, paths: list(z.string()) }),
  z.strictObject({ status: z.literal("dry-run").describe("nothing was written"), ...together, ...wouldBe }),
]);
export type ChangeSetOutput = z.infer<typeof ChangeSetOutput>;
