import { join } from "node:path";
import { mkdirSync, writeFileSync } from "node:fs";
import { aDeployment, aVersion } from "../support/builders.ts";
import { interleave, median, ratios, type Family, type Figure } from "./harness/figure.ts";
import { milliseconds } from "./harness/spawn.ts";
import { deploymentFiles, foundation, merged, versionFiles, writeFiles } from "./harness/tree.ts";

const cli = new URL("../../cli/main.ts", import.meta.url).pathname;
const environments = ["dev", "staging", "prod"];
const models = Array.from({ length: 10 }, (_, at) => `model-${at}`);

/** Starts of a process in one sample: a single one says little. */
const starts = 10;

/** How long people wait, in the time that Bun itself needs to start. */
export const commandLine: Family = {
  rows: ["cli_version_vs_bun", "cli_status_vs_bun"],
  async measure({ rounds, scratch, say }) {
    const root = join(scratch, "status");
    mkdirSync(root, { recursive: true });
    writeFiles(root, tree());
    const empty = join(scratch, "empty.ts");
    writeFileSync(empty, "");
    const timed =
      (...args: readonly string[]) =>
      () =>
        median(Array.from({ length: starts }, () => milliseconds([process.execPath, ...args], root)));
    const sides = { bun: timed(empty), version: timed(cli, "--version"), status: timed(cli, "status") };
    say(`command line: ${rounds} rounds of ${starts} starts each`);
    await interleave(1, sides); // until the files are in the system's cache
    const samples = await interleave(rounds, sides);
    const figure = (of: readonly number[]): Figure => ({
      samples: ratios(of, samples.bun),
      note: `${median(of).toFixed(1)} ms / ${median(samples.bun).toFixed(1)} ms`,
    });
    return { cli_version_vs_bun: figure(samples.version), cli_status_vs_bun: figure(samples.status) };
  },
};

function tree() {
  const versions = models.flatMap((model) => [1, 2].map((version) => versionFiles(aVersion(model, version))));
  const deployments = environments.flatMap((environment) =>
    models.map((model) => deploymentFiles(environment, aDeployment({ model, stable: 1, canary: 2 }))),
  );
  return merged(foundation(environments), ...versions, ...deployments);
}
