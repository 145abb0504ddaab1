import { expect, test } from "bun:test";
import { writeCut } from "../../../cli/gitops/commit-cut.ts";
import { openWorkingTree } from "../../../cli/gitops/edges/working-tree.ts";
import { readTree } from "../../../schemas/read-tree.ts";
import { checkTree } from "../../../schemas/rules.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { planner, stableCut } from "./cut-parts.ts";
import { sampleFiles } from "./documents.ts";

const here = (path: string) => new URL(path, import.meta.url).pathname;

/** Puts the cut into the folder's files in a process of its own, which is killed before it moves the file number `after`. */
async function killedWrite(folder: string, after: number) {
  const script = `
    import { renameSync } from "node:fs";
    import { writeCut } from "${here("../../../cli/gitops/commit-cut.ts")}";
    import { openWorkingTree } from "${here("../../../cli/gitops/edges/working-tree.ts")}";
    import { writeAll } from "${here("../../../cli/gitops/edges/working-tree-write.ts")}";
    import { planner, stableCut } from "${here("./cut-parts.ts")}";
    let moved = 0;
    const move = (from, to) => {
      if (moved++ === ${after}) process.kill(process.pid, "SIGKILL");
      renameSync(from, to);
    };
    const tree = openWorkingTree(${JSON.stringify(folder)});
    const write = async (files) => writeAll(${JSON.stringify(folder)}, files, move);
    await writeCut(stableCut(), { ...tree, write }, planner, "2026-11-21T08:10:00Z");
  `;
  const child = Bun.spawn([process.execPath, "-e", script], { stdout: "ignore", stderr: "inherit" });
  await child.exited;
  return child.signalCode;
}

test.each([0, 1])(
  "killed after %i files of a rollback, the next try finds it still to be made, and mends all",
  async (after) => {
    using folder = temporaryFolder(sampleFiles(["fraud"]));
    expect(await killedWrite(folder.path, after)).toBe("SIGKILL");
    const tree = openWorkingTree(folder.path);
    expect(await writeCut(stableCut(), tree, planner, "2026-11-21T08:11:00Z")).toMatchObject({
      reason: expect.stringContaining("the working tree was edited"),
    });
    const read = readTree(await tree.readAll());
    expect([...read.problems, ...checkTree(read.tree)]).toEqual([]);
    expect(read.tree.deployments.get("dev")?.get("fraud")?.spec.rejected).toMatchObject([{ version: 2 }]);
  },
);
