import { describe, expect, test } from "bun:test";
import { faultKinds, faultOf, planFaults, type FaultPlan } from "../../../../cli/demo/forge/faults.ts";
import type { ForgeUser } from "../../../../cli/demo/forge/server.ts";
import { runGit } from "../../../support/git.ts";
import {
  COMMIT,
  commitInput,
  failureOf,
  graphqlErrors,
  HERE,
  octokit,
  refusal,
  testForge,
  withToken,
} from "./forge-fixture.ts";

const users: Readonly<Record<string, ForgeUser>> = { "admin-token": { login: "ada", permission: "write" } };

async function faultyForge() {
  const at: { plan: FaultPlan | null } = { plan: null };
  const forge = await testForge({
    users,
    hook: (call) => at.plan?.hook(call),
    replyHook: (call) => at.plan?.replyHook(call),
  });
  const ref = (name: string) => ({ ref: `refs/heads/${name}`, sha: forge.firstCommit });
  /** A new branch, by plain fetch: Octokit would hide what came over the line. */
  const create = (name: string, withinMs = 20_000) =>
    fetch(`${forge.apiUrl}/repos/acme/models/git/refs`, {
      method: "POST",
      headers: { authorization: "Bearer admin-token" },
      body: JSON.stringify(ref(name)),
      signal: AbortSignal.timeout(withinMs),
    });
  const branches = async () =>
    (await runGit(forge.gitDir, ["for-each-ref", "--format=%(refname:short)", "refs/heads"])).split("\n");
  return { ...forge, at, create, branches };
}

/** How a call ended: its status, or the error that fetch or the body came to. */
async function endOf(call: Promise<Response>): Promise<string> {
  try {
    const response = await call;
    await response.json();
    return String(response.status);
  } catch (error) {
    return error instanceof Error ? error.name : String(error);
  }
}

/** A limit that GraphQL tells in a reply of 200 has REST's form here. */
const statusOf = (kind: string, { status }: { status: number }) => (kind === "graphql-limit" ? "403" : String(status));

describe("a planned fault", () => {
  test.each(faultKinds.map((kind) => [kind] as const))(
    "%s comes at its call, before or after the effect",
    async (kind) => {
      await using forge = await faultyForge();
      const { fault } = faultOf(kind);
      const expected =
        fault === "silence" ? "TimeoutError" : typeof fault === "string" ? "TypeError" : statusOf(kind, fault);
      // An answer that never comes is not waited for; one that does may take its time on a busy machine.
      const limits = fault === "silence" ? [1000] : [];
      forge.at.plan = planFaults([{ at: 1, moment: "before", what: kind }]);
      expect(await endOf(forge.create("one"))).toBe("201");
      expect([expected, "SyntaxError"]).toContain(await endOf(forge.create("two", ...limits)));
      expect(await endOf(forge.create("three"))).toBe("201");
      expect(await forge.branches()).toEqual(["main", "one", "three"]);

      forge.at.plan = planFaults([{ at: 0, moment: "after", what: kind }], forge.calls.length);
      expect([expected, "SyntaxError"]).toContain(await endOf(forge.create("four", ...limits)));
      expect(forge.at.plan.fired).toBe(true);
      expect(await forge.branches()).toContain("four");
    },
  );

  test("that lasts comes at every later call, and one that acts lets the call go on", async () => {
    await using forge = await faultyForge();
    let acted = 0;
    forge.at.plan = planFaults([
      { at: 0, moment: "before", what: () => (acted += 1), lasting: true },
      { at: 1, moment: "before", what: "error-500", lasting: true },
    ]);
    expect(await endOf(forge.create("one"))).toBe("201");
    expect(await endOf(forge.create("two"))).toBe("500");
    expect(await endOf(forge.create("two"))).toBe("500");
    expect(acted).toBe(3);
  });

  test("that cuts a reply sends the status and the start of the body", async () => {
    await using forge = await faultyForge();
    forge.at.plan = planFaults([{ at: 0, moment: "after", what: "cut" }]);
    const response = await forge.create("one");
    expect(response.status).toBe(201);
    expect(await endOf(Promise.resolve(response))).toBe("TypeError");
  });
});

describe("an administrator", () => {
  test("archives the repository: it can be read, and nobody can write to it", async () => {
    await using forge = await testForge();
    forge.settings.archived = true;
    const api = octokit(forge);
    const words = "Repository was archived so is read-only.";
    const create = api.git.createRef({ ...HERE, ref: "refs/heads/new", sha: forge.firstCommit });
    expect(await refusal(create)).toMatchObject({ status: 403, message: words });
    const commit = api.graphql(COMMIT, commitInput("main", forge.firstCommit, { "a.txt": "a" }));
    expect(await graphqlErrors(commit)).toMatchObject([{ message: words }]);
    expect((await api.repos.get(HERE)).data.archived).toBe(true);
    const push = runGit(forge.gitDir, ["push", withToken(forge.cloneUrl, "admin-token"), "main:other"]);
    expect(await failureOf(push)).toContain("403");
  });

  test("renames it: reads and writes by the old name are sent on, and followed", async () => {
    await using forge = await testForge();
    forge.settings.formerNames.push("models");
    forge.settings.name = "served-models";
    const api = octokit(forge);
    const url = `${forge.apiUrl}/repos/acme/models/git/refs`;
    const init = { headers: { authorization: "Bearer admin-token" }, redirect: "manual" } as const;
    const read = await fetch(`${forge.apiUrl}/repos/acme/models?x=1`, init);
    expect([read.status, read.headers.get("location")]).toEqual([301, `${forge.apiUrl}/repositories/1?x=1`]);
    expect(await read.json()).toMatchObject({ message: "Moved Permanently" });
    expect((await fetch(url, { ...init, method: "POST", body: "{}" })).status).toBe(307);

    expect((await api.repos.get(HERE)).data.full_name).toBe("acme/served-models");
    await api.git.createRef({ ...HERE, ref: "refs/heads/new", sha: forge.firstCommit });
    await api.graphql(COMMIT, commitInput("new", forge.firstCommit, { "a.txt": "a" }));
    expect(await runGit(forge.gitDir, ["show", "new:a.txt"])).toBe("a");
    expect(await refusal(api.repos.get({ ...HERE, repo: "never-was" }))).toMatchObject({ status: 404 });
  });

  test("takes rights away: at first to write, then to see anything", async () => {
    await using forge = await testForge();
    const api = octokit(forge, "writer-token");
    const create = () => api.git.createRef({ ...HERE, ref: "refs/heads/new", sha: forge.firstCommit });
    forge.settings.permissions.set("grace", "read");
    expect(await refusal(create())).toMatchObject({ status: 403 });
    forge.settings.permissions.set("grace", "none");
    expect(await refusal(create())).toMatchObject({ status: 404 });
    expect(await refusal(api.repos.get(HERE))).toMatchObject({ status: 404 });
    const query = api.graphql('query { repository(owner: "acme", name: "models") { id } }');
    expect(await graphqlErrors(query)).toMatchObject([{ type: "NOT_FOUND" }]);
    forge.settings.permissions.delete("grace");
    await create();
  });
});
