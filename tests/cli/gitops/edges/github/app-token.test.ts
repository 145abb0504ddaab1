import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { isPushed } from "../../../../../cli/gitops/core/ports.ts";
import type { ForgeApp } from "../../../../../cli/demo/forge/apps/store.ts";
import { requireAccess } from "../../../../../cli/gitops/edges/github/access.ts";
import { readAppSettings } from "../../../../../cli/gitops/edges/github/app-settings.ts";
import { createAppTokens, type AppTokenOptions } from "../../../../../cli/gitops/edges/github/app-token.ts";
import { makeAppKey } from "../../../../support/app-key.ts";
import { sampleFiles } from "../../documents.ts";
import { startHub, type Hub } from "../../hub.ts";

const { privateKey, publicKey } = makeAppKey();
const appId = 4711;
const installation = 99;
const scope = { models: ["fraud"], environments: ["dev"] } as const;
const variables = { MMSP_GITHUB_APP_ID: String(appId), MMSP_GITHUB_APP_PRIVATE_KEY: privateKey };
const named = { ...variables, MMSP_GITHUB_APP_INSTALLATION_ID: String(installation) };
const find = "GET /repos/{owner}/{repo}/installation";
const make = "POST /app/installations/{installation_id}/access_tokens";

function appWith(more: Partial<ForgeApp> = {}): ForgeApp {
  const permissions = { contents: "write", pull_requests: "write" } as const;
  return { id: appId, slug: "rollouts", publicKey, installation, permissions, ...more };
}

/** A forge as the App sees it. */
async function clientOf(hub: Hub, env: Readonly<Record<string, string>> = variables) {
  const options = { repository: "acme/models", apiUrl: hub.server.apiUrl, userAgent: "mmsp-test", secondMs: 1 };
  return hub.client(await requireAccess(env, options));
}

function tokensOf(hub: Hub, more: Partial<AppTokenOptions> = {}, env: Readonly<Record<string, string>> = named) {
  const settings = readAppSettings(env);
  if (settings === null) throw new Error("no App");
  const { apiUrl } = hub.server;
  return createAppTokens(settings, { repository: "acme/models", apiUrl, userAgent: "mmsp-test", secondMs: 1, ...more });
}

/** What a person would read; neither key nor token is in it. */
async function refusalOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Error)) throw new Error("nothing was thrown");
  const printed = Bun.inspect(error, { depth: 10 });
  expect(printed).not.toContain(privateKey.split("\n")[10] ?? "");
  expect(printed).not.toMatch(/ghs_[0-9a-f]{8}|eyJ[\w-]{20}/);
  return error.message;
}

describe("as a GitHub App", () => {
  let hub: Hub;
  beforeAll(async () => {
    hub = await startHub(sampleFiles(), { app: appWith() });
  });
  afterAll(() => hub[Symbol.asyncDispose]());
  beforeEach(() => {
    hub.hook = undefined;
  });

  test("the installation is found by the repository and gives one token, which serves every call", async () => {
    const client = await clientOf(hub);
    const from = hub.server.calls.length;
    expect((await client.read(scope)).head).toBe(await hub.head("main"));
    expect((await client.read(scope)).head).toBe(await hub.head("main"));
    expect(hub.operations(from)).toEqual([find, make, "graphql repository", "graphql repository"]);
  });

  test("an installation that is named is not looked up, and calls at the same time share a token", async () => {
    const client = await clientOf(hub, named);
    const from = hub.server.calls.length;
    await Promise.all([client.read(scope), client.read(scope), client.read(scope)]);
    expect(hub.operations(from).filter((operation) => operation !== "graphql repository")).toEqual([make]);
  });

  test("the token is good for the one repository alone", async () => {
    const from = hub.server.calls.length;
    await (await clientOf(hub, named)).read(scope);
    expect(hub.server.calls[from]?.body).toEqual({ repositories: ["models"] });
  });

  test("what is committed on a branch is the bot's, signed by GitHub", async () => {
    const client = await clientOf(hub);
    const expectedHead = await hub.head("main");
    const files = [{ path: "notes.txt", content: "by the App" }];
    const { oid } = await client.commit({ branch: "main", expectedHead, files, message: "As an App" });
    expect(await hub.api("GET", `/commits/${oid}`)).toMatchObject({
      author: { login: "rollouts[bot]", type: "Bot" },
      commit: { committer: { name: "GitHub" }, verification: { verified: true, reason: "valid" } },
    });
  });

  test("what replaces the commits of an open pull request is signed, too", async () => {
    const client = await clientOf(hub, named);
    const base = await hub.head("main");
    const branch = "mmsp/dev/fraud/deploy-7";
    const request = { base: "main", message: "M\n\nmmsp-change: x", title: "T", body: "B" };
    const open = { kind: "open", branch, head: null } as const;
    const files = [{ path: "notes.txt", content: "one" }];
    const pullRequest = await client.propose({ ...request, placement: open, baseHead: base, files });
    if (isPushed(pullRequest)) throw new Error("GitHub has pull requests");
    const first = await hub.head(branch);
    const pull = { ...pullRequest, title: "T", body: "B" };
    const state = { name: branch, head: first, commits: [], pullRequest: pull, settled: false };
    const placement = { kind: "replace", branch, state } as const;
    await client.propose({ ...request, placement, baseHead: base, files: [{ path: "notes.txt", content: "two" }] });
    const second = await hub.head(branch);
    expect(second).not.toBe(first);
    expect(await hub.api("GET", `/commits/${second}`)).toMatchObject({
      author: { login: "rollouts[bot]" },
      commit: { verification: { verified: true } },
    });
  });

  test("a token that was taken back is replaced, and the call goes through", async () => {
    const client = await clientOf(hub, named);
    await client.read(scope);
    hub.server.revokeTokens();
    const from = hub.server.calls.length;
    expect((await client.read(scope)).head).toBe(await hub.head("main"));
    expect(hub.operations(from)).toEqual(["graphql repository", make, "graphql repository"]);
  });

  test("a token is renewed five minutes before it ends", async () => {
    let now = 0;
    const tokens = tokensOf(hub, { clock: () => now });
    const first = await tokens.get();
    now = 54 * 60_000;
    expect(await tokens.get()).toBe(first);
    now = 56 * 60_000;
    const second = await tokens.get();
    expect(second).not.toBe(first);
    expect(await tokens.get()).toBe(second);
  });

  test("what the token may do can be asked for", async () => {
    expect(await tokensOf(hub).permissions()).toEqual({ contents: "write", pull_requests: "write" });
  });

  test("a server that fails once is asked again, and after a failure that stays the next call tries anew", async () => {
    const from = hub.server.calls.length;
    const { ForgeFault } = await import("../../../../../cli/demo/forge/server.ts");
    hub.hook = (call) => {
      if (call.index === from) throw new ForgeFault({ status: 502, body: {} });
    };
    const tokens = tokensOf(hub);
    expect(await tokens.get()).toStartWith("ghs_");
    const broken = tokensOf(hub);
    hub.hook = () => {
      throw new ForgeFault({ status: 502, body: {} });
    };
    expect(await refusalOf(broken.get())).toContain("asking for a token of App 4711: GitHub answered 502");
    hub.hook = undefined;
    expect(await broken.get()).toStartWith("ghs_");
  });

  test("a clock that is two hours off does not matter", async () => {
    const twoHours = 2 * 3_600_000;
    for (const offset of [twoHours, -twoHours]) {
      await using other = await startHub(sampleFiles(), {
        app: appWith(),
        now: () => new Date(Date.now() + offset),
      });
      let now = 0;
      const tokens = tokensOf(other, { clock: () => now }, variables);
      const token = await tokens.get();
      now = 50 * 60_000;
      expect(await tokens.get()).toBe(token);
    }
  });
});

describe("an App that cannot work says what to do", () => {
  async function withApp(app: Partial<ForgeApp>, env: Readonly<Record<string, string>> = variables): Promise<string> {
    await using hub = await startHub(sampleFiles(), { app: appWith(app) });
    return await refusalOf((await clientOf(hub, env)).read(scope));
  }

  test("another App's key", async () => {
    const message = await withApp({ publicKey: makeAppKey().publicKey });
    expect(message).toContain("GitHub does not accept the private key of App 4711");
    expect(message).toContain("Private keys");
  });

  test("a number that is no App's", async () => {
    expect(await withApp({ id: 1 })).toContain("GitHub knows no App 4711");
  });

  test("an App that is not installed on the repository", async () => {
    const message = await withApp({ installation: null });
    expect(message).toContain("App 4711 is not installed on acme/models");
    expect(message).toContain('"Install App", acme');
  });

  test("a number that is no installation of the App", async () => {
    expect(await withApp({ installation: 5 }, named)).toContain("MMSP_GITHUB_APP_INSTALLATION_ID");
  });

  test("an installation that does not have the repository", async () => {
    await using hub = await startHub(sampleFiles(), { app: appWith() });
    const message = await refusalOf(tokensOf(hub, { repository: "acme/others" }).get());
    expect(message).toContain("App 4711 is not installed on acme/others");
  });

  test("an installation that is suspended", async () => {
    expect(await withApp({ suspended: true })).toContain("the installation of App 4711 on acme is suspended");
  });

  test("a clock that GitHub does not tell the way out of", async () => {
    const { ForgeFault } = await import("../../../../../cli/demo/forge/server.ts");
    await using hub = await startHub(sampleFiles(), { app: appWith() });
    const message = "'Expiration time' claim ('exp') is too far in the future";
    hub.hook = () => {
      throw new ForgeFault({ status: 401, body: { message } });
    };
    expect(await refusalOf((await clientOf(hub)).read(scope))).toContain("this machine's clock is wrong");
  });

  test("a permission that it was not given is named", async () => {
    await using hub = await startHub(sampleFiles(), {
      app: appWith({ permissions: { contents: "read", pull_requests: "write" } }),
    });
    const client = await clientOf(hub);
    const request = { branch: "main", expectedHead: hub.start, files: [{ path: "a", content: "b" }], message: "M" };
    const message = await refusalOf(client.commit(request));
    expect(message).toContain("the GitHub App may not do this");
    expect(message).toContain('"Contents: write"');
    expect(message).toContain("accept that in its installation on acme/models");
    expect(await hub.head("main")).toBe(hub.start);
  });
});
