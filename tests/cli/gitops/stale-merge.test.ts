import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { applyDocuments } from "../../../cli/gitops/core/apply-change.ts";
import type { Command } from "../../../cli/gitops/core/change.ts";
import { plan } from "../../../cli/gitops/core/plan.ts";
import { renderChange } from "../../../cli/gitops/render/files.ts";
import { parseManifest } from "../../../schemas/document.ts";
import { validateModelDeployment } from "../../../schemas/kinds.ts";
import { effective } from "../../../schemas/effective.ts";
import { paths, type Tree } from "../../../schemas/tree.ts";
import { anEnvironment, aProject, aState, aTree, aVersion, deploy, promote, rollback } from "../../support/builders.ts";
import { runGit, temporaryDirectory } from "../../support/git.ts";

interface Written {
  readonly tree: Tree;
  readonly files: ReadonlyMap<string, string>;
}

/** The tree and its texts after a command, as the command line would write them. */
function after({ tree, files }: Written, command: Command): Written {
  const change = plan(command, aState(tree));
  if (change.kind !== "change") throw new Error(`not a change: ${JSON.stringify(change)}`);
  const written = renderChange(change, files).map(({ path, content }) => [path, String(content)] as const);
  return { tree: applyDocuments(tree, change), files: new Map([...files, ...written]) };
}

test("a promotion that merges after the rollback, its conflict resolved in its favour, takes no rejection back", async () => {
  const versions = [1, 2, 3].map((version) => aVersion("fraud", version));
  const empty = { tree: aTree({ project: aProject(), environments: [anEnvironment()], versions }), files: new Map() };
  const rollout = [deploy({ version: 1 }), deploy({ version: 2 }), promote({}), deploy({ version: 3 })];
  const base = rollout.reduce<Written>(after, empty);
  const path = paths.deployment("staging", "fraud");

  await using folder = await temporaryDirectory();
  const git = (...args: string[]): Promise<string> => runGit(folder.path, args);
  const commit = async (written: Written): Promise<void> => {
    writeFileSync(join(folder.path, "deployment.yaml"), written.files.get(path)!);
    await git("add", ".");
    await git("commit", "--quiet", "--message", "next");
  };
  await git("init", "--quiet", "--initial-branch=main", ".");
  await commit(base);
  await git("switch", "--quiet", "--create", "promotion");
  await commit(after(base, promote({})));
  await git("switch", "--quiet", "main");
  await commit(after(base, rollback({})));
  await git("switch", "--quiet", "promotion");
  await git("merge", "--quiet", "--no-edit", "-X", "ours", "main");

  const text = await Bun.file(join(folder.path, "deployment.yaml")).text();
  const { value } = parseManifest(path, text, validateModelDeployment);
  expect(value!.spec.stable.version).toBe(3);
  expect(value!.spec.rejected!.map(({ version }) => version)).toEqual([3]);
  expect(effective(value!).stable!.version).toBe(2);
});
