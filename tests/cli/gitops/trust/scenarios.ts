/** Every way in which mmsp writes to GitHub or to plain git, each on the sample repository, and how to see that it has happened. */
import type { Command, PromoteCommand, RegisterCommand } from "../../../../cli/gitops/core/change.ts";
import { commitCuts, type CutAnswer } from "../../../../cli/gitops/commit-cuts.ts";
import { publish, type PublishOptions, type PublishParts, type PublishResult } from "../../../../cli/gitops/publish.ts";
import { publishSet, type SetResult } from "../../../../cli/gitops/publish-set.ts";
import type { Cut } from "../../../../schemas/cut.ts";
import type { ModelDeployment } from "../../../../schemas/model-deployment.ts";
import { paths, type Tree } from "../../../../schemas/tree.ts";
import { cutOf } from "../../../support/cuts.ts";
import { setPlanner } from "../cut-parts.ts";
import { sampleFiles, since } from "../documents.ts";
import { deploy, register as registerCommand, rollback } from "../publisher.ts";

export type Answer = PublishResult | SetResult | CutAnswer;

export interface Scenario {
  readonly name: string;
  /** `git`: a remote that only speaks git. */
  readonly over: "github" | "git";
  /** What was published before: an open pull request that the scenario meets. */
  readonly first?: Command;
  run(parts: PublishParts): Promise<readonly Answer[]>;
  /** The same from the second time on, where it has another form then. */
  again?(parts: PublishParts): Promise<readonly Answer[]>;
  /** Whether a tree has what it is about. */
  isDone(tree: Tree): boolean;
  /** The base branch takes it at once, and needs no pull request. */
  readonly direct: boolean;
}

/** `fraud` has version 2 stable, `churn` version 3 as a canary beside it. */
export function scenarioFiles(): Record<string, string> {
  const files = sampleFiles(["fraud", "churn"]);
  const document = paths.deployment("dev", "churn");
  const kustomization = paths.deploymentKustomization("dev", "churn");
  const canary = `  canary: {version: 3, attempt: 6, since: "${since}", weight: 10}\n`;
  files[document] = (files[document] ?? "").replace("  previous:", `${canary}  previous:`);
  files[kustomization] = (files[kustomization] ?? "").replace("/2]", "/2, ../../../registry/churn/3]");
  return files;
}

const proposing: PublishOptions = { baseBranch: "main", as: "pull-request" };
const tensor = { name: "x", datatype: "FP32" as const, shape: [-1, 2] };
const digest = new Bun.CryptoHasher("sha256").update("the fourth").digest("hex");

/** Registers version 4 of fraud. */
export const register: RegisterCommand = {
  ...registerCommand(4),
  artifact: { file: "model.onnx", sha256: digest, sizeBytes: 1000 },
  signature: { inputs: [tensor], outputs: [tensor] },
};
const deployFourth = { ...deploy, version: 4 };
const promote: PromoteCommand = { verb: "promote", environment: "dev", model: "churn", version: null, to: null };
const cuts: readonly Cut[] = [
  cutOf({ environment: "dev", model: "churn", version: 3, attempt: 6 }),
  cutOf({ environment: "dev", model: "fraud", version: 2, attempt: 5, phase: "stable" }),
];

const inDev = (tree: Tree, model: string): ModelDeployment["spec"] | undefined =>
  tree.deployments.get("dev")?.get(model)?.spec;
const rejects = (tree: Tree, model: string, version: number): boolean =>
  inDev(tree, model)?.rejected?.filter((entry) => entry.version === version).length === 1;

function command(name: string, given: Command, isDone: Scenario["isDone"], more: Partial<Scenario> = {}): Scenario {
  const options: PublishOptions = more.direct === true ? { ...proposing, as: "commit" } : proposing;
  const run = async (parts: PublishParts) => [await publish(given, options, parts)];
  return { name, over: "github", run, isDone, direct: false, ...more };
}

function cutting(name: string, which: readonly Cut[], as: "commit" | "pull-request", autoMerge = false): Scenario {
  const options = { baseBranch: "main", as, autoMerge, openedFor: () => null };
  return {
    name,
    over: "github",
    run: (parts) => commitCuts(which, options, parts),
    isDone: (tree) => which.every(({ model, version }) => rejects(tree, model, version)),
    direct: as === "commit",
  };
}

/** "Roll back", said twice, goes back twice: whoever does not know whether it was done says to which version. */
const toOne = (options: PublishOptions) => async (parts: PublishParts) => [
  await publish({ ...rollback, to: 1 }, options, parts),
];

const hasCanary = (weight: number) => (tree: Tree) => inDev(tree, "fraud")?.canary?.weight === weight;

const promoteAll = (to: string | null) => async (parts: PublishParts) => [
  await publishSet({ verb: "promote", environment: "dev", to }, "main", { ...parts, planner: setPlanner }),
];

/** Wherever the repository is. */
const anywhere: readonly Scenario[] = [
  command("register", register, (tree) => tree.versions.get("fraud")?.has(4) ?? false),
  command("deploy", deploy, hasCanary(10)),
  command("deploy over an open pull request", { ...deploy, weight: 50 }, hasCanary(50), { first: deploy }),
  command("deploy onto an open registration", deployFourth, (tree) => inDev(tree, "fraud")?.canary?.version === 4, {
    first: register,
    // Where the registration is gone from its branch, it comes first again.
    again: async (parts) => [await publish(register, proposing, parts), await publish(deployFourth, proposing, parts)],
  }),
  command("promote", promote, (tree) => inDev(tree, "churn")?.stable.version === 3, {
    again: async (parts) => [await publish({ ...promote, version: 3 }, proposing, parts)],
  }),
  command("rollback", rollback, (tree) => rejects(tree, "fraud", 2), {
    first: deploy,
    again: toOne(proposing),
  }),
  command("rollback --commit", rollback, (tree) => rejects(tree, "fraud", 2), {
    direct: true,
    first: deploy,
    again: toOne({ ...proposing, as: "commit" }),
  }),
  {
    name: "promote --all",
    over: "github",
    run: promoteAll(null),
    isDone: (tree) => inDev(tree, "churn")?.stable.version === 3,
    direct: false,
  },
  {
    name: "promote --all --to",
    over: "github",
    run: promoteAll("prod"),
    isDone: (tree) => tree.deployments.get("prod")?.size === 2,
    direct: false,
  },
  cutting("the gateway's rollback of two", cuts, "commit"),
];

export const scenarios: readonly Scenario[] = [
  ...anywhere,
  ...anywhere.map((scenario): Scenario => ({ ...scenario, name: `${scenario.name}, over plain git`, over: "git" })),
  cutting("the gateway's rollback by pull request", cuts.slice(0, 1), "pull-request", true),
];
