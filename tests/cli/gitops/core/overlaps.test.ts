import { describe, expect, test } from "bun:test";
import type { RollbackCommand, DeployCommand, PromoteCommand } from "../../../../cli/gitops/core/change.ts";
import { removalsOf } from "../../../../cli/gitops/core/overlaps.ts";
import { aDeployment, deploy, promote, rollback, stagingState } from "../../../support/builders.ts";
import { changed } from "../../../support/plans.ts";

type Command = DeployCommand | PromoteCommand | RollbackCommand;

const gc = (title: string, branch = "mmsp/gc/registry") => ({ branch, number: 7, url: "https://example.com/7", title });
const again = "`mmsp gc --apply` brings it up to date once this is merged";

describe("a version that comes back to work while a collection of what nothing serves is open", () => {
  const stands = stagingState(aDeployment({ stable: 2, spec: { previous: [1] } }));
  const told = (command: Command, title: string, branch?: string) =>
    removalsOf(changed(command, stands).change, [gc(title, branch)]).notices;

  test("is told to be removed there, or that it may be where the title only counts", () => {
    const single = "Remove fraud 3, which nothing serves";
    expect(told(deploy({ version: 3 }), single)).toEqual([`pull request #7 (gc) removes version 3 of fraud: ${again}`]);
    expect(told(deploy({ version: 3 }), "Remove 4 versions that nothing serves", "mmsp/gc/registry-2")).toEqual([
      `pull request #7 (gc) may remove version 3 of fraud: ${again}`,
    ]);
    expect(told(rollback({ to: 1 }), "Remove fraud 1, which nothing serves")).toHaveLength(1);
  });

  test("is no matter where another version is removed, or the change brings none", () => {
    expect(told(deploy({ version: 3 }), "Remove fraud 1, which nothing serves")).toEqual([]);
    expect(told(deploy({ version: 3 }), "Remove fraud-eu 3, which nothing serves")).toEqual([]);
    expect(told(deploy({ version: 3 }), "Remove 4 versions that nothing serves", "mmsp/dev/fraud/deploy-1")).toEqual(
      [],
    );
    const running = stagingState(aDeployment({ stable: 2, canary: 3 }));
    for (const command of [deploy({ version: 3, weight: 40 }), promote(), rollback()]) {
      const { change } = changed(command, running);
      expect(removalsOf(change, [gc("Remove 4 versions that nothing serves")]).notices).toEqual([]);
    }
  });
});
