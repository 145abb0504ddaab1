import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { openGitHistory } from "../../../cli/gitops/edges/git-history.ts";
import { createGitHubHistory } from "../../../cli/gitops/edges/github/history.ts";
import { readHistory } from "../../../cli/gitops/read-history.ts";
import { newDocument } from "../../../cli/gitops/render/new-document.ts";
import type { HistorySource } from "../../../cli/gitops/core/history-port.ts";
import type { ModelDeployment } from "../../../schemas/model-deployment.ts";
import { paths } from "../../../schemas/tree.ts";
import { aDeployment, aRejection, aVersion } from "../../support/builders.ts";
import { problemsOf } from "../../support/problems.ts";
import { runGit, temporaryDirectory } from "../../support/git.ts";
import { startHub, token, type Hub } from "./hub.ts";

const path = paths.deployment("prod", "fraud");
const scope = { model: "fraud", environment: "prod" } as const;
const asked = { models: ["fraud"], environment: "prod" } as const;

const backwards = paths.deployment("prod", "churn");

let minute = 0;
const timeOf = (at: number) => `2026-01-01T00:${String(at).padStart(2, "0")}:00Z`;

let hub: Hub;
let clone: Awaited<ReturnType<typeof temporaryDirectory>>;

/** A commit on a branch, as of the next minute; null takes the file away. */
async function commit(branch: string, document: ModelDeployment | string | null, message: string, file = path) {
  minute += 1;
  const content = document === null || typeof document === "string" ? document : newDocument(document);
  const expectedHead = await hub.head(branch);
  return hub.client().commit({ branch, expectedHead, files: [{ path: file, content }], message });
}

async function branchOff(name: string) {
  await runGit(hub.server.gitDir, ["branch", name, "main"]);
}

async function merge(branch: string, method: "merge" | "squash" | "rebase") {
  const opened = { title: `Pull of ${branch}`, head: branch, base: "main", body: "" };
  const { number } = (await hub.api("POST", "/pulls", opened)) as { number: number };
  minute += 1;
  await hub.api("PUT", `/pulls/${number}/merge`, { merge_method: method });
}

/** Every way in which a document comes to a branch: direct, merged with several commits, squashed, rebased, broken, gone. */
async function tellTheStory() {
  await commit("main", aDeployment({ stable: 1 }), "Deploy fraud 1");
  await branchOff("canary");
  await commit("canary", aDeployment({ stable: 1, canary: 2, weight: 5 }), "Try 5 %");
  await commit("canary", aDeployment({ stable: 1, canary: 2, weight: 10 }), "Make it 10 %");
  await commit("main", "# Read me\n", "Something else", "README.md");
  await merge("canary", "merge");
  await branchOff("more");
  await commit("more", aDeployment({ stable: 1, canary: 2, weight: 50 }), "Deploy fraud 2 to prod at 50 %");
  await merge("more", "squash");
  const cut = aRejection(2, { at: timeOf(minute).replace("00Z", "30Z"), by: "guard", reason: "errors 9 %" });
  await commit("main", aDeployment({ stable: 1, spec: { rejected: [cut] } }), "Roll back fraud 2 in prod");
  await commit("main", "spec: [", "Slip");
  await branchOff("mend");
  await commit("mend", aDeployment({ stable: 3, spec: { previous: [1], rejected: [cut] } }), "Serve 3");
  await commit("mend", "# More\n", "Docs", "README.md");
  await merge("mend", "rebase");
  await commit("main", aDeployment({ stable: 7 }), "Deploy fraud 7 to dev", paths.deployment("dev", "fraud"));
  await commit("main", null, "Take fraud out of dev", paths.deployment("dev", "fraud"));
  await commit("main", aDeployment({ stable: 1 }), "Deploy churn 1", backwards);
  minute -= 5;
  await commit("main", aDeployment({ stable: 2 }), "Deploy churn 2 by a clock that is slow", backwards);
  minute += 5;
}

beforeAll(async () => {
  const files = {
    [paths.version("fraud", 1)]: newDocument(aVersion("fraud", 1)),
    "environments/dev/environment.yaml": "",
  };
  hub = await startHub(files, { now: () => new Date(timeOf(minute)) });
  await tellTheStory();
  clone = await temporaryDirectory();
  await runGit(clone.path, ["clone", "--quiet", hub.server.gitDir, "."]);
});

afterAll(async () => {
  await hub[Symbol.asyncDispose]();
  await clone[Symbol.asyncDispose]();
});

const ofClone = (baseBranch = "main") => openGitHistory(clone.path, baseBranch);
const ofGitHub = (): HistorySource =>
  createGitHubHistory({
    repository: "acme/models",
    baseBranch: "main",
    apiUrl: hub.server.apiUrl,
    token,
    userAgent: "mmsp-test",
  });

describe("the same branch, read in a clone and through GitHub's API", () => {
  test("gives the same periods, with merges as of when they arrived", async () => {
    const [here, there] = await Promise.all([readHistory(ofClone(), scope), readHistory(ofGitHub(), scope)]);
    const lines = here.periods.map(
      ({ version, phase, weight, from, until, endedBy, commit }) =>
        `${version} ${phase} ${weight} % ${from.slice(14, 19)}-${until?.slice(14, 19) ?? ""} ${endedBy} #${commit.pullRequest ?? "-"}`,
    );
    expect(lines).toEqual([
      "1 stable 100 % 01:00-05:00 reweighted #-",
      "1 stable 90 % 05:00-07:00 reweighted #1",
      "2 canary 10 % 05:00-07:00 reweighted #1",
      "1 stable 50 % 07:00-07:30 reweighted #2",
      "2 canary 50 % 07:00-07:30 rolled-back #2",
      "1 stable 100 % 07:30-12:00 replaced #-",
      "3 stable 100 % 12:00- serving #-",
    ]);
    // A rebase leaves no number in the message, so that only GitHub can tell it.
    const plain = (history: typeof here) =>
      JSON.parse(JSON.stringify(history.periods).replaceAll('"pullRequest":3', '"pullRequest":null')) as unknown;
    expect(plain(there)).toEqual(plain(here));
    expect(here.broken).toMatchObject([{ environment: "prod", commit: { at: expect.stringContaining("00:09:00") } }]);
    expect(there.broken.map(({ commit }) => commit.oid)).toEqual(here.broken.map(({ commit }) => commit.oid));
  });

  test("keeps the branch's order where a clock went back", async () => {
    const commits = async (source: HistorySource) =>
      (await source.deployments({ models: ["churn"], environment: "prod" })).changes.map(({ commit }) => commit.oid);
    const [here, there] = [await commits(ofClone()), await commits(ofGitHub())];
    expect(here).toHaveLength(2);
    expect(there).toEqual(here);
  });

  test("one environment takes one call of the API, and all of them one more", async () => {
    const before = hub.server.calls.length;
    await readHistory(ofGitHub(), scope);
    expect(hub.operations(before)).toHaveLength(1);
    const all = await readHistory(ofGitHub(), { model: "fraud", environment: null });
    expect(hub.operations(before)).toHaveLength(3);
    expect(new Set(all.periods.map(({ environment }) => environment))).toEqual(new Set(["dev", "prod"]));
    expect(all.periods).toContainEqual(expect.objectContaining({ environment: "dev", version: 7, endedBy: "removed" }));
  });

  test("texts of files at a commit, and null for those that are not there", async () => {
    const head = await hub.head("main");
    const files = [
      { commit: head, path: paths.version("fraud", 1) },
      { commit: head, path: paths.version("fraud", 9) },
    ];
    const expected = [newDocument(aVersion("fraud", 1)), null];
    expect(await ofClone().textsAt(files)).toEqual(expected);
    expect(await ofGitHub().textsAt(files)).toEqual(expected);
  });

  test("the last change of a file, and nothing of one that never was", async () => {
    const wanted = [path, paths.deployment("dev", "fraud"), paths.deployment("dev", "ghost")];
    const [here, there] = [await ofClone().lastChanges(wanted), await ofGitHub().lastChanges(wanted)];
    expect([...here].map(([name, time]) => [name, Date.parse(time)])).toEqual(
      [...there].map(([name, time]) => [name, Date.parse(time)]),
    );
    expect([...here.keys()].toSorted()).toEqual(wanted.slice(0, 2).toSorted());
  });
});

test("a document of hundreds of commits takes a call of the API for each hundred, and loses none of them", async () => {
  const changes = 230;
  await using long = await startHub({ "README.md": "# Long\n" });
  const texts = Array.from({ length: changes }, (_, at) =>
    newDocument(aDeployment({ stable: 1, canary: 2, weight: at % 100 })),
  );
  const commits = texts.map((text, at) => {
    const people = `committer Ada <ada@example.com> ${1_800_000_000 + at * 60} +0000\n`;
    const parent = at === 0 ? "from refs/heads/main^0\n" : "";
    const file = `M 100644 inline ${path}\ndata ${Buffer.byteLength(text)}\n${text}\n`;
    return `commit refs/heads/main\n${people}data 4\nStep\n${parent}${file}`;
  });
  await runGit(long.server.gitDir, ["fast-import", "--quiet", "--done"], { stdin: `${commits.join("")}done\n` });
  const options = {
    repository: "acme/models",
    baseBranch: "main",
    apiUrl: long.server.apiUrl,
    token,
    userAgent: "mmsp-test",
  };
  const there = await createGitHubHistory(options).deployments(asked);
  expect(long.server.calls).toHaveLength(3);
  const here = await openGitHistory(long.server.gitDir, "main").deployments(asked);
  expect(there.changes).toHaveLength(changes);
  expect(there.changes).toEqual(here.changes);
});

describe("in a clone", () => {
  test("a feature branch shows the base branch of origin; what is on the branch has not served", async () => {
    await runGit(clone.path, ["switch", "--quiet", "--create", "feature"]);
    await runGit(clone.path, ["commit", "--quiet", "--allow-empty", "--message", "Mine"]);
    const { source, head } = await ofClone().deployments(asked);
    expect({ source, head }).toEqual({ source: "origin/main", head: await hub.head("main") });
    await runGit(clone.path, ["switch", "--quiet", "main"]);
    expect((await ofClone().deployments(asked)).source).toBe("main");
    expect((await ofClone("trunk").deployments(asked)).source).toBe("HEAD");
  });

  test("a shallow clone says that it does not know the beginning", async () => {
    await using shallow = await temporaryDirectory();
    await runGit(shallow.path, ["clone", "--quiet", "--depth=1", `file://${hub.server.gitDir}`, "."]);
    const { notices, changes } = await openGitHistory(shallow.path, "main").deployments(asked);
    expect(notices.join()).toContain("shallow");
    expect(changes).toHaveLength(1);
  });

  test("no repository, and one without a commit, are told apart", async () => {
    await using empty = await temporaryDirectory();
    const history = openGitHistory(empty.path, "main");
    expect(await problemsOf(() => history.deployments(asked))).toMatchObject([{ code: "not-a-repository" }]);
    await runGit(empty.path, ["init", "--quiet"]);
    expect(await problemsOf(() => history.deployments(asked))).toMatchObject([{ code: "revision-unknown" }]);
  });

  test("names with control characters in them cannot play with the terminal", async () => {
    await using hostile = await temporaryDirectory();
    await runGit(hostile.path, ["init", "--quiet", "--initial-branch=main"]);
    await Bun.write(`${hostile.path}/${path}`, newDocument(aDeployment()));
    await runGit(hostile.path, ["add", "--all"]);
    const env = { GIT_AUTHOR_NAME: "E\u001b[31mve" };
    await runGit(hostile.path, ["commit", "--quiet", "--message", "One\u001e\u001f :100644"], { env });
    const { changes } = await openGitHistory(hostile.path, "main").deployments(asked);
    expect(changes.map(({ commit }) => commit.author)).toEqual(["E [31mve"]);
  });
});
