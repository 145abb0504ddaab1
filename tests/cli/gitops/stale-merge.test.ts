import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { applyDocuments } from "../../../cli/gitops/core/apply-change.ts";
import type { Command } from "../../../cli/gitops/core/change.ts";
import { plan } from "../../../cli/gitops/core/plan.ts";
import { renderChange } from "../../../cli/gitops/render/files.ts";
import { pullRequestBody } from "../../../cli/gitops/render/pull-request.ts";
import { parseManifest } from "../../../schemas/document.ts";
import { validateModelDeployment } from "../../../schemas/kinds.ts";
import { effective } from "../../../schemas/effective.ts";
import { checkTree } from "../../../schemas/rules.ts";
import { paths, type Tree } from "../../../schemas/tree.ts";
import {
  aDeployment,
  aRejection,
  stagingState,
  anEnvironment,
  aProject,
  aState,
  aTree,
  aVersion,
  deploy,
  promote,
  rollback,
} from "../../support/builders.ts";
import { changed } from "../../support/plans.ts";
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

describe("a document whose stable version is rejected", () => {
  const merged = aDeployment({ stable: 3, spec: { previous: [2, 1], rejected: [aRejection(3)] } });
  const versions = [1, 2, 3].map((version) => aVersion("fraud", version));
  const state = aState(aTree({ versions, deployments: { staging: [merged] } }));

  test("says what is served after a deploy of that, which moves no traffic", () => {
    const { change, deployment } = changed(deploy({ version: 2 }), state);
    expect(deployment.spec).toMatchObject({ stable: { version: 2 }, previous: [1], rejected: [{ version: 3 }] });
    expect(change.title).toBe("Write down that fraud 2 is stable in staging");
    expect(change.traffic.after).toEqual(change.traffic.before);
    expect(change.notices).toEqual([
      "the document named version 3, which is rejected, as stable; it now says what is served",
    ]);
    const body = pullRequestBody(change);
    expect(body).toStartWith("Requests to fraud in staging go to version 2 as before; no traffic moves.\n");
    expect(body).toContain("Nothing that is served changes, so there is nothing to undo.");
    const after = applyDocuments(state.tree, change);
    expect(checkTree(after)).toEqual([]);
    expect(plan(deploy({ version: 2 }), aState(after))).toMatchObject({ kind: "skip" });
  });

  test("is told with the way that brings no bad version back first", () => {
    const [problem] = checkTree(state.tree).filter(({ code }) => code === "version-rejected");
    expect(problem?.hint).toBe(
      "mmsp deploy fraud --version 2 --env staging writes down what is served; " +
        "--force with version 3 takes the rejection back",
    );
  });

  test("where no other version is left, only --force is a way", () => {
    const alone = aDeployment({ stable: 3, spec: { rejected: [aRejection(3)] } });
    const [problem] = checkTree(aTree({ versions, deployments: { staging: [alone] } })).filter(
      ({ code }) => code === "version-rejected",
    );
    expect(problem?.hint).toBe("mmsp deploy fraud --version 3 --env staging --force takes the rejection back");
  });
});

test("a rejected canary in the text is left out by the same deploy", () => {
  const merged = aDeployment({ canary: 3, spec: { rejected: [aRejection(3)] } });
  const { deployment } = changed(deploy({ version: 1 }), stagingState(merged));
  expect(deployment.spec.canary).toBeUndefined();
  expect(deployment.spec.stable).toEqual(merged.spec.stable);
});
