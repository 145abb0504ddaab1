import { z } from "zod";
import { Name, Version } from "../../fields.ts";
import { phases } from "../../model-deployment.ts";
import { list } from "./list.ts";
import { SkippedOutput } from "./skipped.ts";
import { WaitEndOutput } from "./wait-end.ts";

const TrafficShare = z.strictObject({
  version: Version,
  phase: z.enum(phases),
  percent: z.number().min(0).max(100).describe("share of the model's traffic"),
});

export const common = {
  verb: z.enum(["register", "deploy", "promote", "rollback"]),
  environment: Name.nullable().describe("null of a registration, which is of no environment"),
  model: Name,
  version: Version.describe("the version that the change is about"),
  title: z.string().describe("of the commit and of the pull request"),
  traffic: z.strictObject({ before: list(TrafficShare), after: list(TrafficShare) }),
  notices: list(z.string()).describe("what a person should know besides"),
};

const action = z
  .enum(["opened", "updated", "unchanged"])
  .describe("unchanged: it was open already, and says all of this");

export const end = WaitEndOutput.optional().describe("under --wait, or where --auto-merge was refused");

export const pullRequest = z.strictObject({ number: z.int().min(1), url: z.url(), branch: z.string(), action });

const Published = z.strictObject({
  status: z.literal("published").describe("as a pull request"),
  ...common,
  pullRequest,
  end,
});

/** A branch on a remote without pull requests that mmsp knows of. */
const pushedBranch = {
  branch: z.string(),
  base: z.string(),
  action: z.enum(["pushed", "updated", "unchanged"]).describe("unchanged: it holds these very files already"),
  title: z.string().describe("for the merge request that a person opens"),
  body: z.string(),
};

/** Where it is, and where the server says that a merge request is opened. */
export const pushed = z.strictObject({ ...pushedBranch, remote: z.string(), url: z.url().nullable() });

const Pushed = z.strictObject({
  status: z.literal("pushed").describe("as a branch, which a person has to merge"),
  ...common,
  pushed,
});

const Committed = z.strictObject({
  status: z.literal("committed").describe("straight to the base branch"),
  ...common,
  commit: z.strictObject({
    oid: z.string(),
    url: z.string().describe("of the commit; of the remote where that has no pages"),
  }),
  end,
});

const Written = z.strictObject({
  status: z.literal("written").describe("into the working tree, by --local"),
  ...common,
  paths: list(z.string()).describe("of the files, from the root of the tree"),
});

/** What a dry run would come to: one of them, and none of a working tree. */
export const wouldBe = {
  diff: z.string().describe("unified diff; empty where nothing would change"),
  commit: z
    .strictObject({ branch: z.string(), message: z.string() })
    .optional()
    .describe("the commit that it would be"),
  pullRequest: z
    .strictObject({
      branch: z.string(),
      base: z.string(),
      action,
      number: z.int().min(1).nullable().describe("null of one that would be opened"),
      url: z.url().nullable(),
      title: z.string(),
      body: z.string(),
    })
    .optional()
    .describe("the pull request that it would go into"),
  pushed: z.strictObject(pushedBranch).optional().describe("the branch that it would be"),
};

const DryRun = z.strictObject({
  status: z.literal("dry-run").describe("nothing was written"),
  ...common,
  ...wouldBe,
});

/** What every command prints that writes: register, deploy, promote, rollback. */
export const ChangeOutput = z.discriminatedUnion("status", [
  Published,
  Pushed,
  Committed,
  Written,
  DryRun,
  SkippedOutput,
]);
export type ChangeOutput = z.infer<typeof ChangeOutput>;
