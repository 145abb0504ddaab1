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

  const stableOnly = [{ version: 2, phase: "stable", percent: 100 }] as const;
  const canaryAt = (percent: number) => [
    { version: 2, phase: "stable", percent: 100 - percent },
    { version: 4, phase: "canary", percent },
  ];

  test("says that its pull request says so already when it is asked for again, not that it is served", async () => {
    await propose({ weight: 5 });
    const head = await hub.head(registry);
    const later = { ...cutParts(hub), now: () => new Date("2026-11-21T15:00:00Z") };
    const again = await publish({ ...command, weight: 5 }, { baseBranch: "main", as: "pull-request" }, later);
    expect(again).toEqual({
      kind: "skip",
      reason: expect.stringMatching(/^pull request #1 says so already: http\S+\/pull\/1$/),
    });
    expect(await hub.head(registry)).toBe(head);
  });

  test("counts traffic from the base branch when it is changed, where nothing of the request is served", async () => {
    await propose({ weight: 5 });
    const changed = await propose({ weight: 20 });
    expect(changed).toMatchObject({ kind: "published", pullRequest: { branch: registry, action: "updated" } });
    expect(changed).toMatchObject({ change: { traffic: { before: stableOnly, after: canaryAt(20) } } });
    const [pull] = (await hub.api("GET", "/pulls")) as { body: string }[];
    expect(pull?.body).toContain("until now they went to version 2.");
    expect(await hub.show(registry, paths.deployment("dev", "fraud"))).toContain("weight: 20");
  });

  test("stays at the first step with --canary next, as often as it is asked for", async () => {
    expect(await propose({ weight: "next" })).toMatchObject({ kind: "published" });
    expect(await propose({ weight: "next" })).toMatchObject({ kind: "skip" });
    const text = await hub.show(registry, paths.deployment("dev", "fraud"));
    expect(await propose({})).toMatchObject({ kind: "skip" });
    expect(text).toContain("weight: 10}");
  });

  test("is planned anew on what the base branch serves by now, and keeps the branch's words", async () => {
    await propose({ weight: 5 });
    const path = paths.deployment("dev", "fraud");
    await hub.push(registry, { [path]: `# ask risk first\n${await hub.show(registry, path)}\n` });
    const kustomization = sampleFiles()[paths.deploymentKustomization("dev", "fraud")] ?? "";
    await hub.push("main", {
      [paths.version("fraud", 5)]: `${JSON.stringify(versionDocument("fraud", 5))}\n`,
      [paths.versionKustomization("fraud", 5)]: "resources: [model-version.yaml]\n",
      [path]: deployment("fraud").replace(/(stable:.*version: )\d+/, "$15"),
      [paths.deploymentKustomization("dev", "fraud")]: kustomization.replace("]", ", ../../../registry/fraud/5]"),
    });
    const changed = await propose({ weight: 20 });
    expect(changed).toMatchObject({
      change: { traffic: { before: [{ version: 5, phase: "stable", percent: 100 }] } },
    });
    const text = await hub.show(registry, path);
    expect(text).toStartWith("# ask risk first\n");
    expect(text).toMatch(/stable:.*version: 5/);
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
