import { expect, test } from "bun:test";
import { createClient } from "../../../../../cli/gitops/edges/github/client.ts";
import { readAppSettings } from "../../../../../cli/gitops/edges/github/app-settings.ts";
import { createAppTokens } from "../../../../../cli/gitops/edges/github/app-token.ts";
import { makeAppKey } from "../../../../support/app-key.ts";

/** A server that only writes down where it was asked. */
function startEar() {
  const asked: string[] = [];
  const body = { data: {}, id: 1, token: "ghs_0123456789abcdef", expires_at: "2126-01-01T00:00:00Z", permissions: {} };
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request) {
      asked.push(`${request.method} ${new URL(request.url).pathname}`);
      return Response.json(body);
    },
  });
  return { asked, origin: `http://127.0.0.1:${server.port}`, [Symbol.asyncDispose]: () => server.stop(true) };
}

test.each([
  ["an Enterprise Server", "/api/v3", "/api/graphql", "/api/v3"],
  ["github.com, and a tenant of it", "", "/graphql", ""],
])("of %s REST, GraphQL and an App's tokens are found below GITHUB_API_URL", async (_, base, graphql, rest) => {
  await using ear = startEar();
  const options = { apiUrl: `${ear.origin}${base}`, userAgent: "mmsp-test" };
  const client = createClient({ ...options, token: "t" });
  const attempt = { what: "asking", repository: "acme/models", permission: "none" };
  await client.attempt(attempt, (octokit) => octokit.graphql("{ viewer { login } }"));
  await client.attempt(attempt, (octokit) => octokit.rest.repos.get({ owner: "acme", repo: "models" }));
  const app = readAppSettings({ MMSP_GITHUB_APP_ID: "1", MMSP_GITHUB_APP_PRIVATE_KEY: makeAppKey().privateKey });
  if (app === null) throw new Error("no App");
  await createAppTokens(app, { ...options, repository: "acme/models" }).get();
  expect(ear.asked).toEqual([
    `POST ${graphql}`,
    `GET ${rest}/repos/acme/models`,
    `GET ${rest}/repos/acme/models/installation`,
    `POST ${rest}/app/installations/1/access_tokens`,
  ]);
});
