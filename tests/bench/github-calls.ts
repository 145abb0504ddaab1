import { join } from "node:path";
import { mkdirSync } from "node:fs";
import { aDeployment, aVersion } from "../support/builders.ts";
import type { Family, Settings } from "./harness/figure.ts";
import { repository, startHub, token } from "./harness/hub.ts";
import { deploymentFiles, foundation, merged, versionFiles, type Files } from "./harness/tree.ts";

const cli = new URL("../../cli/main.ts", import.meta.url).pathname;
const sizes = [10, 1_000, 10_000];
const environment = "dev";

/** What a deploy costs of GitHub's rate limit must not grow with the repository. */
export const githubCalls: Family = {
  rows: ["github_calls"],
  async measure(settings) {
    const samples: number[] = [];
    for (const models of sizes) {
      settings.say(`github calls: a deploy into a tree of ${models} models`);
      samples.push(await callsOfDeploy(settings, models));
    }
    const note = sizes.map((models, at) => `${samples[at] ?? 0} with ${models} models`).join(", ");
    return { github_calls: { samples, note, take: "most" } };
  },
};

async function callsOfDeploy(settings: Settings, models: number): Promise<number> {
  await using hub = await startHub(settings, `deploy-${models}`, treeOf(models));
  const cwd = join(settings.scratch, "nowhere");
  mkdirSync(cwd, { recursive: true });
  const args = ["deploy", "model-0", "--version", "2", "--env", environment, "--repo", repository];
  const child = Bun.spawn([process.execPath, cli, ...args], {
    cwd,
    env: { PATH: process.env["PATH"] ?? "", GITHUB_TOKEN: token, GITHUB_API_URL: hub.apiUrl },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const [stderr, code] = await Promise.all([child.stderr.text(), child.exited]);
  if (code !== 0) throw new Error(`mmsp ${args.join(" ")} ended with ${code}: ${stderr}`);
  return (await hub.calls()).length;
}

/** Each model with a version that is served; the first has another one to deploy. */
function treeOf(models: number): Files {
  const each = Array.from({ length: models }, (_, at) => `model-${at}`).map((model) =>
    merged(versionFiles(aVersion(model, 1)), deploymentFiles(environment, aDeployment({ model }))),
  );
  return merged(foundation([environment]), ...each, versionFiles(aVersion("model-0", 2)));
}
