import { join } from "node:path";
import { mkdirSync } from "node:fs";
import { aDeployment, aVersion } from "../support/builders.ts";
import { runGit } from "../support/git.ts";
import type { Family, Settings } from "./harness/figure.ts";
import { repository, startHub, token } from "./harness/hub.ts";
import { deploymentFiles, foundation, merged, versionFiles, type Files } from "./harness/tree.ts";

const cli = new URL("../../cli/main.ts", import.meta.url).pathname;
/** Repositories to deploy into; the last has branches of hundreds of deploys that nobody ever deleted. */
const trees = [
  { models: 10, leftovers: 0 },
  { models: 1_000, leftovers: 0 },
  { models: 10_000, leftovers: 0 },
  { models: 10, leftovers: 500 },
];
const environment = "dev";

/** What a deploy costs of GitHub's rate limit must not grow with the repository. */
export const githubCalls: Family = {
  rows: ["github_calls"],
  async measure(settings) {
    const samples: number[] = [];
    for (const tree of trees) {
      settings.say(`github calls: a deploy into a tree of ${described(tree)}`);
      samples.push(await callsOfDeploy(settings, tree));
    }
    const note = trees.map((tree, at) => `${samples[at] ?? 0} with ${described(tree)}`).join(", ");
    return { github_calls: { samples, note, take: "most" } };
  },
};

type TreeSize = (typeof trees)[number];

function described({ models, leftovers }: TreeSize): string {
  return `${models} models${leftovers === 0 ? "" : ` and ${leftovers} branches left behind`}`;
}

async function callsOfDeploy(settings: Settings, { models, leftovers }: TreeSize): Promise<number> {
  await using hub = await startHub(settings, `deploy-${models}-${leftovers}`, treeOf(models));
  const refs = Array.from({ length: leftovers }, (_, at) => `mmsp/${environment}/model-0/deploy-${at + 3}`);
  const stdin = refs.map((name) => `create refs/heads/${name} refs/heads/main\n`).join("");
  await runGit(hub.gitDir, ["update-ref", "--stdin"], { stdin });
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
