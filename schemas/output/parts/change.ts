import { z } from "zod";
import { Name, Version } from "../../fields.ts";
import { phases } from "../../model-deployment.ts";
import { list } from "./list.ts";
import { SkippedOutput } from "./skipped.ts";

const TrafficShare = z.strictObject({
  version: Version,
  phase: z.enum(phases),
  percent: z.number().min(0).max(100).describe("share of the model's traffic"),
});

const common = {
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

const Published = z.strictObject({
  status: z.literal("published").describe("as a pull request"),
  ...common,
  pullRequest: z.strictObject({ number: z.int().min(1), url: z.url(), branch: z.string(), action }),
});

const Committed = z.strictObject({
  status: z.literal("committed").describe("straight to the base branch"),
  ...common,
  commit: z.strictObject({ oid: z.string(), url: z.url() }),
});

const Written = z.strictObject({
  status: z.literal("written").describe("into the working tree, by --local"),
  ...common,
  paths: list(z.string()).describe("of the files, from the root of the tree"),
});

const DryRun = z.strictObject({
  status: z.literal("dry-run").describe("nothing was written"),
  ...common,
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
});

/** What every command prints that writes: register, deploy, promote, rollback. */
export const ChangeOutput = z.discriminatedUnion("status", [Published, Committed, Written, DryRun, SkippedOutput]);
export type ChangeOutput = z.infer<typeof ChangeOutput>;
