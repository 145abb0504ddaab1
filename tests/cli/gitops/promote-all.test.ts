import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { previewSet, publishSet } from "../../../cli/gitops/publish-set.ts";
import { paths } from "../../../schemas/tree.ts";
import { runGit } from "../../support/git.ts";
import { canary, filesWith, inDev, lock, rejected } from "./canaries.ts";
import { cutParts, setPlanner } from "./cut-parts.ts";
import { deployment, versionDocument } from "./documents.ts";
import { before, startHub, type Hub } from "./hub.ts";

// Real git takes a while on a busy machine.
setDefaultTimeout(60_000);

/** What gives a model of `filesWith` its canary later. */
function withCanary(model: string, version = 3): Record<string, string> {
  const documents = filesWith({ [model]: canary.replace("version: 3", `version: ${version}`) });
  const names = [paths.deployment("dev", model), paths.deploymentKustomization("dev", model)];
  const folder = `../registry/${model}/`;
  return Object.fromEntries(
    names.map((name) => [name, documents[name]?.replace(`${folder}3`, `${folder}${version}`) ?? ""]),
  );
}

const publishOn = (hub: Hub, command = inDev, minute = 0) => {
  const now = () => new Date(Date.parse("2026-11-21T08:10:00Z") + minute * 60_000);
  return publishSet(command, "main", { ...cutParts(hub), now, planner: setPlanner });
};

async function publishedOn(...args: Parameters<typeof publishOn>) {
  const result = await publishOn(...args);
  if (result.kind !== "published") throw new Error(JSON.stringify(result));
  return result;
}

describe("promote --all", () => {
  test("makes every canary stable in one commit and one pull request, in 5 calls, and tells what stays", async () => {
    await using hub = await startHub(
      filesWith({ fraud: canary, churn: canary, locked: canary + lock, gone: canary + rejected, idle: "" }),
    );
    const { set, pullRequest } = await publishedOn(hub);
    expect(hub.operations()).toEqual([
      "graphql repository",
      "graphql repository",
      "POST /repos/{owner}/{repo}/git/refs",
      "graphql createCommitOnBranch",
      "POST /repos/{owner}/{repo}/pulls",
    ]);
    expect(set.title).toBe("Promote 2 canaries to stable in dev");
    expect(set.changes.map(({ model, version }) => `${model} ${version}`)).toEqual(["churn 3", "fraud 3"]);
    expect(set.left.map(({ model, problems }) => [model, problems.map(({ code }) => code)])).toEqual([
      ["gone", ["version-rejected"]],
      ["locked", ["model-locked"]],
    ]);
    const { branch, number } = pullRequest;
    expect(branch).toMatch(/^mmsp\/dev\/_all\/promote-[0-9a-f]{8}$/);
    expect((await runGit(hub.server.gitDir, ["log", "--format=%s", `main..${branch}`])).split("\n")).toEqual([
      set.title,
    ]);
    const changed = await runGit(hub.server.gitDir, ["diff", "--name-only", "main", branch]);
    expect(changed.split("\n")).toEqual(
      ["churn", "fraud"].flatMap((model) => [
        paths.deployment("dev", model),
        paths.deploymentKustomization("dev", model),
      ]),
    );
    expect(await hub.show(branch, paths.deployment("dev", "fraud"))).toContain("# what people write stays");
    const message = await runGit(hub.server.gitDir, ["log", "-1", "--format=%(trailers)", branch]);
    expect(message).toContain("mmsp-change: promote dev/churn/3\nmmsp-change: promote dev/fraud/3\nmmsp-plan: ");
    const { title, body } = (await hub.api("GET", `/pulls/${number}`)) as { title: string; body: string };
    expect(title).toBe(set.title);
    expect(body).toMatch(
      /^Requests to 2 models in dev go to other .*\n\n\| Model \| Version \| Before \| After \|\n\| --- .*\n\| `churn` \| 3 \| 2: 90 %, 3: 10 % \| 3: 100 % \|\n\| `fraud` /,
    );
    expect(body).toContain("- `locked`: locked in dev was locked by ann");
    expect(body).toMatch(/## `churn`\n\nRequests to churn .*## `fraud`\n\nRequests to fraud /s);
  });

  test("is open already with the same list: adopted, and nothing is written", async () => {
    await using hub = await startHub(filesWith({ fraud: canary, churn: canary }));
    const first = await publishedOn(hub);
    const head = await hub.head(first.pullRequest.branch);
    const from = hub.server.calls.length;
    const again = await publishedOn(hub, inDev, 5);
    expect(again.pullRequest).toEqual({ ...first.pullRequest, action: "unchanged" });
    expect(hub.operations(from)).toEqual(["graphql repository", "graphql repository"]);
    expect(await hub.head(first.pullRequest.branch)).toBe(head);
  });

  test("with one more canary brings its open pull request up to date: list, title and body", async () => {
    await using hub = await startHub(filesWith({ fraud: canary, churn: "" }));
    const first = await publishedOn(hub);
    await hub.push("main", withCanary("churn"));
    const again = await publishedOn(hub, inDev, 5);
    expect(again.pullRequest).toEqual({ ...first.pullRequest, action: "updated" });
    const open = (await hub.api("GET", "/pulls")) as { title: string; body: string }[];
    expect(open.map(({ title }) => title)).toEqual(["Promote 2 canaries to stable in dev"]);
    expect(open[0]?.body).toContain("## `churn`");
    const { branch } = first.pullRequest;
    const changed = await runGit(hub.server.gitDir, ["log", "--format=", "--name-only", `main..${branch}`]);
    expect(changed).toContain(paths.deployment("dev", "churn"));
    expect(await runGit(hub.server.gitDir, ["rev-list", "--count", `main..${branch}`])).toBe("1");
  });

  test("with one canary less takes it out of its open pull request again", async () => {
    await using hub = await startHub(filesWith({ fraud: canary, churn: canary }));
    const first = await publishedOn(hub);
    await hub.push("main", { [paths.deployment("dev", "churn")]: `${deployment("churn")}${canary}${lock}` });
    const again = await publishedOn(hub, inDev, 5);
    expect(again.pullRequest).toEqual({ ...first.pullRequest, action: "updated" });
    const changed = await runGit(hub.server.gitDir, ["diff", "--name-only", `main...${first.pullRequest.branch}`]);
    expect(changed).not.toContain("churn");
  });

  test("with one more canary adds to what others have committed there", async () => {
    await using hub = await startHub(filesWith({ fraud: canary, churn: "" }));
    const { branch, number } = (await publishedOn(hub)).pullRequest;
    const theirs = await hub.push(branch, { "theirs.txt": "x" });
    await hub.push("main", withCanary("churn"));
    expect((await publishedOn(hub, inDev, 5)).pullRequest).toMatchObject({ number, action: "updated" });
    expect(await hub.keeps(theirs)).toBe(true);
    expect(await hub.show(branch, paths.deployment("dev", "churn"))).toContain("version: 3");
  });

  test("leaves the pull request of another source alone", async () => {
    const files = filesWith({ fraud: canary, churn: "" });
    for (const path of [paths.deployment, paths.deploymentKustomization]) {
      const text = files[path("dev", "churn")] ?? "";
      delete files[path("dev", "churn")];
      files[path("prod", "churn")] = text.replace("attempt: 5", "attempt: 1").replace("  previous: [1]\n", "");
    }
    await using hub = await startHub(files);
    const canaries = await publishedOn(hub);
    const fromProd = await publishedOn(hub, { ...inDev, environment: "prod", to: "dev" });
    expect(fromProd.pullRequest).toMatchObject({ action: "opened", number: canaries.pullRequest.number + 1 });
  });

  test("keeps what others have committed to its pull request", async () => {
    await using hub = await startHub(filesWith({ fraud: canary, churn: canary }));
    const first = await publishedOn(hub);
    const document = paths.deployment("dev", "fraud");
    const text = await hub.show(first.pullRequest.branch, document);
    const theirs = await hub.push(first.pullRequest.branch, {
      [document]: `${text.replace("# what people write stays", "# ours")}\n`,
    });
    const again = await publishedOn(hub, inDev, 5);
    expect(again.pullRequest).toEqual({ ...first.pullRequest, action: "unchanged" });
    expect(await hub.head(first.pullRequest.branch)).toBe(theirs);
  });

  test("says so where its branch holds others' commits and had no pull request yet", async () => {
    await using hub = await startHub(filesWith({ fraud: canary, churn: canary }));
    const { branch } = (await publishedOn(hub)).pullRequest;
    const theirs = await hub.push(branch, { "theirs.txt": "x" });
    // As if the run had been killed before it opened one.
    hub.server.forget();
    const { pullRequest, set } = await publishedOn(hub, inDev, 5);
    expect(pullRequest).toMatchObject({ branch, action: "opened" });
    expect(set.asides).toEqual([`${branch} held others' commits: the pull request has them, too`]);
    expect(await hub.keeps(theirs)).toBe(true);
    expect((await publishedOn(hub, inDev, 10)).set.asides).toEqual([]);
  });

  test("whose branch somebody forced adds to it once, however often it is said", async () => {
    await using hub = await startHub(filesWith({ fraud: canary, churn: canary }));
    const { branch } = (await publishedOn(hub)).pullRequest;
    const theirs = await hub.push("somebody", { "theirs.txt": "x" });
    await runGit(hub.server.gitDir, ["update-ref", `refs/heads/${branch}`, theirs]);
    expect((await publishedOn(hub, inDev, 5)).pullRequest).toMatchObject({ branch, action: "updated" });
    const head = await hub.head(branch);
    expect((await publishedOn(hub, inDev, 10)).pullRequest).toMatchObject({ branch, action: "unchanged" });
    expect(await hub.head(branch)).toBe(head);
  });

  test("whose branch lacks what the base branch has got since is refused, with what to do about it", async () => {
    await using hub = await startHub(filesWith({ fraud: canary, churn: "" }));
    const { branch } = (await publishedOn(hub)).pullRequest;
    const theirs = await hub.push(branch, { "theirs.txt": "x" });
    const fifth = versionDocument("churn", 5);
    await hub.push("main", {
      ...withCanary("churn", 5),
      [paths.version("churn", 5)]: `${JSON.stringify(fifth)}\n`,
      [paths.versionKustomization("churn", 5)]: "resources: [model-version.yaml]\n",
    });
    expect(await publishOn(hub, inDev, 5)).toMatchObject({ kind: "refusal", problems: [{ code: "branch-behind" }] });
    expect(await hub.head(branch)).toBe(theirs);
  });

  test("plans anew when the base branch moves in between, and loses nobody's commit", async () => {
    await using hub = await startHub(filesWith({ fraud: canary, churn: canary }));
    const first = await publishedOn(hub);
    let theirs = "";
    before(hub, 3, async () => {
      theirs = await hub.push(first.pullRequest.branch, { "theirs.txt": "x" });
    });
    await hub.push("main", { [paths.deployment("dev", "churn")]: `${deployment("churn")}${canary}# more\n` });
    await publishedOn(hub, inDev, 5);
    expect(await hub.keeps(theirs)).toBe(true);
  });

  test("--to takes every stable version on that the target does not serve, and its files", async () => {
    const files = filesWith({ fraud: "", churn: "", there: "" });
    const there = deployment("there").replace("attempt: 5", "attempt: 1").replace("  previous: [1]\n", "");
    files[paths.deployment("prod", "there")] = there;
    files[paths.deploymentKustomization("prod", "there")] = "resources: [deployment.yaml, ../../../registry/there/2]\n";
    await using hub = await startHub(files);
    const { set, pullRequest } = await publishedOn(hub, { ...inDev, to: "prod" });
    expect(hub.operations()).toHaveLength(5);
    expect(set).toMatchObject({ environment: "prod", title: "Promote 2 versions to prod", left: [] });
    expect(set.changes.map(({ model, version }) => `${model} ${version}`)).toEqual(["churn 2", "fraud 2"]);
    expect(pullRequest.branch).toStartWith("mmsp/prod/_all/promote-");
  });

  test("previewed says the same and writes nothing", async () => {
    await using hub = await startHub(filesWith({ fraud: canary, churn: canary }));
    const parts = { forge: hub.client(), planner: setPlanner, now: () => new Date("2026-11-21T08:10:00Z") };
    const none = () => Promise.reject(new Error("a promotion in place brings no artifacts"));
    const preview = await previewSet(inDev, "main", { ...parts, artifacts: { read: none, check: none } });
    expect(preview).toMatchObject({ kind: "preview", target: { action: "opened", number: null, base: "main" } });
    expect(hub.operations()).toHaveLength(2);
    const { pullRequest } = await publishedOn(hub);
    expect(preview).toMatchObject({ target: { branch: pullRequest.branch } });
  });
});
