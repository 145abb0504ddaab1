import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createSign } from "node:crypto";
import type { Forge } from "../../../../cli/demo/forge/server.ts";
import { makeAppKey } from "../../../support/app-key.ts";
import { octokit, testForge } from "./forge-fixture.ts";

const key = makeAppKey();
const seconds = Math.floor(Date.now() / 1000);
const claims = { iss: "4711", iat: seconds - 30, exp: seconds + 500 };
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");

function jwt(
  given: object = claims,
  { header = { alg: "RS256", typ: "JWT" }, privateKey = key.privateKey } = {},
): string {
  const signed = `${encode(header)}.${encode(given)}`;
  return `${signed}.${createSign("RSA-SHA256").update(signed).sign(privateKey, "base64url")}`;
}

let forge: Forge & AsyncDisposable;
beforeAll(async () => {
  const permissions = { contents: "write", pull_requests: "read" } as const;
  const app = { id: 4711, slug: "rollouts", publicKey: key.publicKey, installation: 99, permissions };
  forge = await testForge({ app });
});
afterAll(() => forge[Symbol.asyncDispose]());

async function ask(
  path: string,
  token: string,
  method = "GET",
): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(`${forge.apiUrl}${path}`, { method, headers: { authorization: `Bearer ${token}` } });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

describe("a GitHub App", () => {
  test("is known by what it has signed, and told what it is and where it is installed", async () => {
    expect(await ask("/app", jwt())).toMatchObject({ status: 200, body: { id: 4711, slug: "rollouts" } });
    expect(await ask("/repos/acme/models/installation", jwt())).toMatchObject({ status: 200, body: { id: 99 } });
    expect(await ask("/repos/acme/others/installation", jwt())).toMatchObject({ status: 404 });
  });

  test.each([
    ["with another key", jwt(claims, { privateKey: makeAppKey().privateKey }), 401, "could not be decoded"],
    [
      "and changed afterwards",
      jwt().replace(/\.[^.]+\./, `.${encode({ ...claims, iss: "1" })}.`),
      401,
      "could not be decoded",
    ],
    ["with no algorithm", jwt(claims, { header: { alg: "none", typ: "JWT" } }), 401, "could not be decoded"],
    ["in the future", jwt({ ...claims, iat: seconds + 3600 }), 401, "'Issued at' claim"],
    ["too long ago", jwt({ ...claims, exp: seconds - 1 }), 401, "'Expiration time' claim"],
    ["for too long", jwt({ ...claims, exp: seconds + 3600 }), 401, "too far in the future"],
    ["as another App", jwt({ ...claims, iss: "1" }), 404, "Integration not found"],
    ["not at all", "app-token", 401, "could not be decoded"],
  ])("that has signed %s is refused", async (_, token, status, words) => {
    const refused = await ask("/app", token);
    expect(refused.status).toBe(status);
    expect(refused.body["message"]).toContain(words);
  });

  test("gets tokens that may what it was given, until they are taken back", async () => {
    const made = await ask("/app/installations/99/access_tokens", jwt(), "POST");
    expect(made).toMatchObject({ status: 201, body: { permissions: { contents: "write" } } });
    const token = String(made.body["token"]);
    const as = octokit(forge, token);
    const here = { owner: "acme", repo: "models" };
    const { data: base } = await as.rest.repos.getCommit({ ...here, ref: "main" });
    await as.rest.git.createRef({ ...here, ref: "refs/heads/new", sha: base.sha });
    const opened = as.rest.pulls.create({ ...here, head: "new", base: "main", title: "T" });
    expect(opened).rejects.toThrow("Resource not accessible by integration");
    forge.revokeTokens();
    expect((await ask("/repos/acme/models", token)).status).toBe(401);
    expect((await ask("/app/installations/1/access_tokens", jwt(), "POST")).status).toBe(404);
  });

  test("has its commits signed by GitHub unless it names an author, in REST and in GraphQL", async () => {
    const made = await ask("/app/installations/99/access_tokens", jwt(), "POST");
    const as = octokit(forge, String(made.body["token"]));
    const here = { owner: "acme", repo: "models" };
    const { data: base } = await as.rest.repos.getCommit({ ...here, ref: "main" });
    const commit = { ...here, tree: base.commit.tree.sha, parents: [base.sha] };
    const { data: own } = await as.rest.git.createCommit({ ...commit, message: "Own" });
    const author = { name: "Grace", email: "grace@example.com" };
    const { data: named } = await as.rest.git.createCommit({ ...commit, message: "Named", author });
    expect(own).toMatchObject({ author: { name: "rollouts[bot]" }, committer: { name: "GitHub" } });
    expect([own.verification.verified, named.verification.verified]).toEqual([true, false]);
    const signature = "... on Commit { signature { isValid wasSignedByGitHub } }";
    const query = `{ repository(owner: "acme", name: "models") {
      own: object(oid: "${own.sha}") { ${signature} } named: object(oid: "${named.sha}") { ${signature} } } }`;
    expect(await as.graphql<object>(query)).toEqual({
      repository: { own: { signature: { isValid: true, wasSignedByGitHub: true } }, named: { signature: null } },
    });
  });
});
