import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { BranchRules } from "../../../../cli/demo/forge/server.ts";
import { runGit } from "../../../support/git.ts";
import { failureOf, HERE, octokit, testForge, withToken } from "./forge-fixture.ts";

let forge: Awaited<ReturnType<typeof testForge>>;
let clone: string;
beforeEach(async () => {
  forge = await testForge();
  clone = join(forge.directory, "clone");
  await runGit(forge.directory, ["clone", "--quiet", forge.cloneUrl, clone]);
});
afterEach(() => forge[Symbol.asyncDispose]());

const rule = (rules: BranchRules) => forge.settings.rules.set("main", rules);
const main = () => runGit(forge.gitDir, ["rev-parse", "main"]);
const refs = () => runGit(forge.gitDir, ["for-each-ref", "--format=%(refname:short)", "refs/heads"]);
const git = (...args: readonly string[]) => runGit(clone, args);

const writable = () => withToken(forge.cloneUrl, "writer-token");

function push(...what: readonly string[]): Promise<string> {
  const options = what.filter((word) => word.startsWith("--"));
  const refspecs = what.filter((word) => !word.startsWith("--"));
  return git("push", ...options, writable(), ...refspecs);
}

async function commit(name: string, content = name): Promise<string> {
  await Bun.write(join(clone, name), content);
  await git("add", name);
  await git("commit", "--quiet", "-m", name);
  return git("rev-parse", "HEAD");
}

/** The server's lines, and git's verdict on each ref. */
async function refused(pushing: Promise<string>): Promise<readonly string[]> {
  const [, output = ""] = / ended with \d+: ([^]*)$/.exec(await failureOf(pushing)) ?? [];
  const said = output.split("\n").map((line) => line.trimEnd());
  return said.filter((line) => /^(remote:| [!*-] )/.test(line)).map((line) => line.replaceAll(/ +/g, " "));
}

const viaPull: BranchRules = { as: "protection", pullRequest: { approvals: 0 } };

describe("a push to a branch with rules", () => {
  test("is refused by a protection as GitHub does", async () => {
    rule(viaPull);
    await commit("a.txt");
    expect(await refused(push("main"))).toEqual([
      "remote: error: GH006: Protected branch update failed for refs/heads/main.",
      "remote:",
      "remote: - Changes must be made through a pull request.",
      " ! [remote rejected] main -> main (protected branch hook declined)",
    ]);
    expect(await main()).toBe(forge.firstCommit);
  });

  test("is refused by a ruleset with the page of the rules, and every reason", async () => {
    rule({ ...viaPull, as: "ruleset", checks: { contexts: ["validate"], strict: true } });
    await commit("a.txt");
    expect(await refused(push("main"))).toEqual([
      "remote: error: GH013: Repository rule violations found for refs/heads/main.",
      expect.stringMatching(
        /^remote: Review all repository rules at http:\S+\/acme\/models\/rules\?ref=refs%2Fheads%2Fmain$/,
      ),
      "remote:",
      "remote: - Changes must be made through a pull request.",
      "remote:",
      'remote: - Required status check "validate" is expected.',
      "remote:",
      " ! [remote rejected] main -> main (push declined due to repository rule violations)",
    ]);
  });

  test("is refused as well when it is so large that git sends it in pieces", async () => {
    rule(viaPull);
    await commit("a.bin", crypto.getRandomValues(new Uint8Array(60_000)).toHex().repeat(30));
    expect(await refused(push("main"))).toContain("remote: - Changes must be made through a pull request.");
    expect(await main()).toBe(forge.firstCommit);
  });

  test("may neither force nor delete it, whatever else the rules ask for", async () => {
    forge.settings.rules.set("stable", { as: "protection" });
    await commit("a.txt");
    await push("main:stable");
    await commit("b.txt");
    await push("main:stable");
    await git("reset", "--quiet", "--hard", "HEAD~2");
    await commit("c.txt");
    expect(await refused(push("--force", "main:stable"))).toContain("remote: - Cannot force-push to this branch");
    expect(await refused(push(":stable"))).toContain("remote: - Cannot delete this branch");
    expect(await runGit(forge.gitDir, ["log", "-1", "--format=%s", "stable"])).toBe("b.txt");
  });

  test("takes a commit that has the required check, and one of whom the rules let pass", async () => {
    rule({ as: "ruleset", checks: { contexts: ["validate"], strict: false } });
    const checked = await commit("a.txt");
    expect(await refused(push("main"))).toContain('remote: - Required status check "validate" is expected.');
    await push("main:work");
    await octokit(forge).repos.createCommitStatus({ ...HERE, sha: checked, context: "validate", state: "success" });
    await push("main");
    expect(await main()).toBe(checked);

    rule({ ...viaPull, bypass: ["grace"] });
    const passed = await commit("b.txt");
    await push("main");
    expect(await main()).toBe(passed);
  });

  test("takes what else is pushed with it, unless all or nothing was asked for", async () => {
    rule(viaPull);
    await commit("a.txt");
    const both = await refused(push("main", "main:work"));
    expect(both).toContain(" * [new branch] main -> work");
    expect(both).toContain(" ! [remote rejected] main -> main (protected branch hook declined)");
    expect(await refs()).toBe("main\nwork");

    await commit("b.txt");
    const neither = await refused(push("--atomic", "main", "main:other"));
    expect(neither).toContain(" ! [remote rejected] main -> other (atomic transaction failed)");
    expect(await refused(push("main", ":work"))).toContain(" - [deleted] work");
    expect(await refs()).toBe("main");
  });

  test("is understood from a clone that has no history", async () => {
    rule(viaPull);
    const shallow = join(forge.directory, "shallow");
    await runGit(forge.directory, ["clone", "--quiet", "--depth=1", `file://${forge.gitDir}`, shallow]);
    await runGit(shallow, ["commit", "--quiet", "--allow-empty", "-m", "On top"]);
    const onto = (...what: readonly string[]) => runGit(shallow, ["push", "--quiet", writable(), ...what]);
    expect(await refused(onto("main"))).toContain("remote: - Changes must be made through a pull request.");
    await onto("main:work");
    expect(await failureOf(onto("main:next", "main"))).toContain("(protected branch hook declined)");
    expect(await refs()).toBe("main\nnext\nwork");
  });
});
