import { expect, test } from "bun:test";
import { watchBranch } from "../../../../../cli/gitops/edges/github/watch-branch.ts";
import { startHub, token } from "../../hub.ts";

test("a branch that has not moved is answered with 304 and without a body", async () => {
  await using hub = await startHub();
  const { apiUrl } = hub.server;
  const hasMoved = watchBranch({
    repository: "acme/models",
    baseBranch: "main",
    apiUrl,
    token,
    userAgent: "mmsp-test",
  });
  expect([await hasMoved(), await hasMoved()]).toEqual([true, false]);
  await hub.push("main", { "README.md": "# Moved\n" });
  expect([await hasMoved(), await hasMoved()]).toEqual([true, false]);

  const ask = (headers: Readonly<Record<string, string>>) =>
    fetch(`${apiUrl}/repos/acme/models/git/ref/heads/main`, {
      headers: { authorization: `Bearer ${token}`, ...headers },
    });
  const first = await ask({});
  const again = await ask({ "if-none-match": first.headers.get("etag") ?? "" });
  expect({ status: again.status, body: await again.text() }).toEqual({ status: 304, body: "" });
  expect((await ask({ "if-none-match": 'W/"other"' })).status).toBe(200);
});
