import { expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { openCutStore } from "../../../gateway/edges/cut-store.ts";
import { createCrashBranch } from "../../support/crash-branch.ts";
import { temporaryFolder } from "../../support/folder.ts";

const script = join(import.meta.dir, "../../support/crash-child.ts");

/** Steps on the way from an alert to the end of the cut, and whether the cut is on disk by then. */
const steps: readonly (readonly [string, { readonly stored: boolean }])[] = [
  ["after the decision", { stored: false }],
  ["after the traffic has moved", { stored: false }],
  ["before the cut is stored", { stored: false }],
  ["after the cut is stored", { stored: true }],
  ["before the commit", { stored: true }],
  ["after the commit, before its reply", { stored: true }],
  ["after the commit's reply", { stored: true }],
  ["before the cut is ended", { stored: true }],
  ["after the cut is ended", { stored: false }],
];

interface Run {
  readonly said: readonly string[];
  readonly exitCode: number | null;
}

/** Runs the process to its end, or kills it with SIGKILL where it stands still. */
async function run(folder: string, alert: boolean, stopAt: string): Promise<Run> {
  const args = [join(folder, "cuts.db"), join(folder, "repository"), alert ? "alert" : "", stopAt];
  const child = Bun.spawn([process.execPath, script, ...args], { stdout: "pipe", stderr: "inherit" });
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of child.stdout) {
    text += decoder.decode(chunk, { stream: true });
    if (text.includes("\nat ")) child.kill("SIGKILL");
  }
  await child.exited;
  return { said: text.trim().split("\n"), exitCode: child.exitCode };
}

test.each(steps)(
  "killed twice %s, a restarted gateway ends in exactly one rollback commit",
  async (step, { stored }) => {
    using folder = temporaryFolder();
    mkdirSync(join(folder.path, "repository"));
    const branch = createCrashBranch(join(folder.path, "repository"));

    const first = await run(folder.path, true, step);
    expect(first.said.at(-1)).toBe(`at ${step}`);
    // Alertmanager sends again what nobody acknowledged, and only that.
    const unanswered = !first.said.includes("acknowledged");
    const second = await run(folder.path, unanswered, step);
    expect(second.said[0]).toBe(`open at start: ${stored ? 1 : 0}`);
    const third = await run(folder.path, unanswered && !second.said.includes("acknowledged"), "");
    expect(third).toMatchObject({ exitCode: 0 });
    expect(third.said.at(-1)).toBe("done");

    expect(branch.log()).toEqual(["roll back version 3", "serve version 3 as a canary"]);
    const store = openCutStore(join(folder.path, "cuts.db"), "prod");
    expect(store.list()).toEqual([]);
    store.close();
  },
  20_000,
);
