import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { DeployCommand } from "../../../cli/gitops/core/change.ts";
import { publish } from "../../../cli/gitops/publish.ts";
import { paths } from "../../../schemas/tree.ts";
import { cutParts } from "./cut-parts.ts";
import { deployment, sampleFiles, since, versionDocument } from "./documents.ts";
import { before, startHub, type Hub } from "./hub.ts";

let hub: Hub;
beforeEach(async () => {
  hub = await startHub();
});
afterEach(() => hub[Symbol.asyncDispose]());

const command: DeployCommand = {
  verb: "deploy",
  environment: "dev",
  model: "fraud",
  version: 4,
  weight: null,
  force: false,
};
const propose = (more: Partial<DeployCommand>) =>
  publish({ ...command, ...more }, { baseBranch: "main", as: "pull-request" }, cutParts(hub));

describe("a deploy onto the branch of a registration, which was made before", () => {
  const registry = "mmsp/registry/fraud/4-44444444";
  beforeEach(async () => {
    await hub.push(registry, {
      [paths.version("fraud", 4)]: `${JSON.stringify(versionDocument("fraud", 4))}\n`,
      [paths.versionKustomization("fraud", 4)]: "resources: [model-version.yaml]\n",
    });
    await hub.api("POST", "/pulls", { title: "Register fraud 4", head: registry, base: "main" });
  });

  test("is refused where the environment was frozen meanwhile", async () => {
    const policy = sampleFiles()[paths.environment("dev")] ?? "";
    const freeze = '  freeze: [{from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z", reason: holidays}]\n';
    await hub.push("main", { [paths.environment("dev")]: policy + freeze });
    const head = await hub.head(registry);
    expect(await propose({})).toMatchObject({ kind: "refusal", problems: [{ code: "environment-frozen" }] });
    expect(await hub.head(registry)).toBe(head);
  });

  test("is refused where another version has become the canary meanwhile", async () => {
    const canary = `  canary: {version: 3, attempt: 6, since: "${since}", weight: 10}\n`;
    await hub.push("main", { [paths.deployment("dev", "fraud")]: deployment("fraud") + canary });
    expect(await propose({})).toMatchObject({ kind: "refusal", problems: [{ code: "canary-running" }] });
  });

  test("goes there otherwise", async () => {
    expect(await propose({})).toMatchObject({ kind: "published", pullRequest: { branch: registry } });
  });
});

test("--canary next goes one step, though its pull request was merged while it was being opened", async () => {
  const canary = `  canary: {version: 3, attempt: 6, since: "${since}", weight: 10}\n`;
  const kustomization = sampleFiles()[paths.deploymentKustomization("dev", "fraud")] ?? "";
  const files = {
    [paths.deployment("dev", "fraud")]: deployment("fraud") + canary,
    [paths.deploymentKustomization("dev", "fraud")]: kustomization.replace("]", ", ../../../registry/fraud/3]"),
  };
  await hub.push("main", files);
  const merged = { ...files, [paths.deployment("dev", "fraud")]: deployment("fraud") + canary.replace("10}", "50}") };
  before(hub, 1, async () => {
    await hub.push("main", merged);
    await hub.push("mmsp/dev/fraud/deploy-3", { "other.txt": "x" });
  });
  expect(await propose({ version: 3, weight: "next" })).toMatchObject({ kind: "skip" });
  expect(await hub.show("main", paths.deployment("dev", "fraud"))).toContain("weight: 50}");
});
