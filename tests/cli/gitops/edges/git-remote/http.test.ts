import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { cacheFolder, credentialsFor } from "../../../../../cli/gitops/edges/git-remote/address.ts";
import { createGitRemote } from "../../../../../cli/gitops/edges/git-remote/git-remote.ts";
import { commitCut } from "../../../../../cli/gitops/commit-cut.ts";
import { ProtectedBranch } from "../../../../../cli/gitops/core/ports.ts";
import { publish } from "../../../../../cli/gitops/publish.ts";
import { cutParts, stableCut } from "../../cut-parts.ts";
import { readerToken, startHub, token, type Hub } from "../../hub.ts";
import { deploy, rollback } from "../../publisher.ts";

setDefaultTimeout(60_000);

/** The demo's server, spoken to as a server that only knows git over http: its own git-http-backend answers. */
let hub: Hub;
beforeAll(async () => {
  hub = await startHub();
});
afterAll(() => hub[Symbol.asyncDispose]());

function forgeWith(secret: string | undefined, folder = "cache") {
  const { PATH = "" } = process.env;
  const address = hub.server.cloneUrl.replace(/\/\/[^@/]*@/, "//");
  const env = { PATH, HOME: hub.directory, ...(secret === undefined ? {} : { MMSP_GIT_TOKEN: secret }) };
  const identity = { name: "Grace", email: "grace@example.com" };
  const credentials = credentialsFor(address, env);
  const place = join(hub.directory, folder);
  return createGitRemote({ address, baseBranch: "main", cacheFolder: place, ...credentials, env, identity });
}

const propose = (secret: string | undefined, weight: number) =>
  publish(
    { ...deploy, weight },
    { baseBranch: "main", as: "pull-request" },
    cutParts(hub, { forge: forgeWith(secret) }),
  );

test("with MMSP_GIT_TOKEN a branch is pushed, and written anew; GitHub's API is not asked", async () => {
  const calls = hub.server.calls.length;
  expect(await propose(token, 10)).toMatchObject({ kind: "pushed", pushed: { action: "pushed" } });
  expect(await propose(token, 20)).toMatchObject({ kind: "pushed", pushed: { action: "updated" } });
  expect(await hub.show("mmsp/dev/fraud/deploy-3", "environments/dev/models/fraud/deployment.yaml")).toContain(
    "weight: 20",
  );
  expect(hub.server.calls.length).toBe(calls);
});

test.each([
  ["no token", undefined],
  ["a token that the server does not know", "wrong-token-0123456789"],
  ["a token that may only read", readerToken],
])("with %s it is told what to do, without the token, and nothing is pushed", async (_, secret) => {
  const before = await hub.api("GET", "/branches");
  const error: unknown = await propose(secret, 30).catch((thrown: unknown) => thrown);
  const shown = Bun.inspect(error, { depth: 10 });
  expect(error).toMatchObject({ name: "ProblemError", problems: [{ code: "git-not-allowed" }] });
  expect(shown).toContain("MMSP_GIT_TOKEN");
  expect(shown).not.toContain(secret ?? "nothing of the kind");
  expect(shown).not.toContain(Buffer.from(`x-access-token:${secret}`).toString("base64"));
  expect(await hub.api("GET", "/branches")).toEqual(before);
});

describe("a branch that the server protects", () => {
  beforeEach(() => hub.reset());
  const viaPull = { pullRequest: { approvals: 1 } };
  const rollBack = (as: "commit" | "pull-request") =>
    publish(rollback, { baseBranch: "main", as }, cutParts(hub, { forge: forgeWith(token) })).catch(
      (thrown: unknown) => thrown,
    );

  test.each([
    ["protection", "GH006: Protected branch update failed for refs/heads/main. - Changes must be made"],
    ["ruleset", "GH013: Repository rule violations found for refs/heads/main. Review all repository rules at http"],
  ] as const)("by a %s takes no commit, and its words are the reason", async (as, words) => {
    hub.server.settings.rules.set("main", { as, ...viaPull });
    const error = await rollBack("commit");
    expect(error).toBeInstanceOf(ProtectedBranch);
    expect((error as Error).message).toStartWith(`the branch "main" is protected: the server says: ${words}`);
    expect(await hub.head("main")).toBe(hub.start);
  });

  test("takes one of whom the rules let pass", async () => {
    hub.server.settings.rules.set("main", { as: "ruleset", ...viaPull, bypass: ["grace"] });
    expect(await rollBack("commit")).toMatchObject({ kind: "committed" });
  });

  test("for want of a check says which", async () => {
    hub.server.settings.rules.set("main", { as: "protection", checks: { contexts: ["validate"], strict: true } });
    expect(((await rollBack("commit")) as Error).message).toContain('Required status check "validate" is expected.');
  });

  test("leaves the gateway's rollback on a branch, and a person is told to merge it", async () => {
    hub.server.settings.rules.set("main", { as: "protection", ...viaPull });
    const options = { baseBranch: "main", as: "commit", autoMerge: false, opened: null } as const;
    const parts = cutParts(hub, { forge: forgeWith(token) });
    const error: unknown = await commitCut(stableCut(), options, parts).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: "ProblemError", problems: [{ code: "rollback-on-branch" }] });
    expect(await hub.head("main")).toBe(hub.start);
  });

  test("though it is mmsp's own is a problem that says what to allow", async () => {
    const { pushed } = (await propose(token, 10)) as { pushed: { branch: string } };
    hub.server.settings.rules.set(pushed.branch, { as: "ruleset" });
    expect(await propose(token, 20).catch((thrown: unknown) => thrown)).toMatchObject({
      name: "ProblemError",
      message: expect.stringContaining("Cannot force-push to this branch"),
      problems: [{ code: "git-push-refused", hint: expect.stringContaining("below mmsp/") }],
    });
  });
});

test("a token goes to https and to this machine only, and to one host", () => {
  const env = { MMSP_GIT_TOKEN: "t0ken", MMSP_GIT_USER: "oauth2" };
  const basic = Buffer.from("oauth2:t0ken").toString("base64");
  expect(credentialsFor("https://host.example/models.git", env)).toEqual({
    config: { "http.https://host.example/.extraHeader": `Authorization: Basic ${basic}` },
    secrets: [basic, "t0ken"],
  });
  for (const address of ["http://host.example/models.git", "git@host.example:models.git", "file:///models.git"]) {
    expect(credentialsFor(address, env)).toEqual({ config: {}, secrets: [] });
  }
});

test("clones stand in the person's cache, one folder an address", () => {
  const [one, other] = ["https://a.example/m.git", "https://b.example/m.git"].map((address) =>
    cacheFolder(address, { HOME: "/home/ada" }),
  );
  expect(one).toMatch(/^\/home\/ada\/\.cache\/mmsp\/git\/[0-9a-f]{16}$/);
  expect(other).not.toBe(one);
  expect(cacheFolder("https://a.example/m.git", { HOME: "/home/ada", XDG_CACHE_HOME: "/var/cache" })).toStartWith(
    "/var/cache/mmsp/git/",
  );
});
