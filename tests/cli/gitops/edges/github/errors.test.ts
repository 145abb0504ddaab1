import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { ProblemError } from "../../../../../schemas/problem.ts";
import type { OutsideError } from "../../../../../cli/gitops/core/ports.ts";
import { faultOf } from "../../../../../cli/demo/forge/faults.ts";
import { startEcho } from "../../../../support/secrets.ts";
import { faulty, readerToken, startHub, token, type Hub } from "../../hub.ts";

const scope = { models: ["fraud"], environments: ["dev"] } as const;
let hub: Hub;
beforeAll(async () => {
  hub = await startHub();
});
afterAll(() => hub[Symbol.asyncDispose]());

/** What was thrown; neither it nor its causes may show a token, however they are printed. */
async function thrown(promise: Promise<unknown>): Promise<Error> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Error)) throw new Error("nothing was thrown");
  const printed = Bun.inspect(error, { depth: 10 });
  for (const secret of [token, readerToken, "no-such-token"]) expect(printed).not.toContain(secret);
  return error;
}

const read = (options = {}) => hub.client(options).read(scope);
const commit = (options = {}) =>
  hub
    .client(options)
    .commit({ branch: "main", expectedHead: hub.start, files: [{ path: "a", content: "b" }], message: "M" });

describe("what a person can mend", () => {
  test("a token that GitHub does not know", async () => {
    hub.hook = undefined;
    const error = await thrown(read({ token: "no-such-token" }));
    expect(error).toBeInstanceOf(ProblemError);
    expect(error.message).toContain("GitHub does not accept the token");
    expect(error.message).toContain("gh auth login");
  });

  test("a token that may only read says which permission is missing, and nothing is written", async () => {
    const error = await thrown(commit({ token: readerToken }));
    expect(error).toBeInstanceOf(ProblemError);
    expect(error.message).toContain('"Contents: write" on acme/models');
    expect(await hub.head("main")).toBe(hub.start);
  });

  test("opening a pull request without the right to says which", async () => {
    hub.hook = faulty((call) => call.operation.includes("pulls"), 403, {
      message: "Resource not accessible by personal access token",
    });
    const placement = { kind: "open", branch: "mmsp/dev/fraud/deploy-1", head: null } as const;
    const files = [{ path: "a", content: "b" }];
    const request = { placement, base: "main", baseHead: hub.start, files, message: "M", title: "T", body: "B" };
    const error = await thrown(hub.client().propose(request));
    expect(error.message).toContain('"Pull requests: write" on acme/models');
    expect(error.message).toContain("Resource not accessible by personal access token");
  });

  test("404 names the repository and the permission that would show it", async () => {
    hub.hook = faulty(() => true, 404, { message: "Not Found" });
    const error = await thrown(read());
    expect(error).toBeInstanceOf(ProblemError);
    expect(error.message).toContain("does not find acme/models");
  });
});

describe("what may go through later", () => {
  test("a server error is tried again, and told when it stays", async () => {
    hub.hook = faulty(() => true, 502, "<html>Bad gateway</html>", { "content-type": "text/html" });
    const from = hub.server.calls.length;
    const error = await thrown(read());
    expect(hub.operations(from)).toHaveLength(3);
    expect(error).toMatchObject({ name: "OutsideError", retryable: true });
    expect(error.message).toBe("reading acme/models: GitHub answered 502");
  });

  test("a server error that passes is not noticed", async () => {
    const from = hub.server.calls.length;
    hub.hook = faulty((call) => call.index === from, 503);
    expect((await read()).head).toBe(await hub.head("main"));
  });

  test("the secondary rate limit is waited for as long as GitHub says", async () => {
    const from = hub.server.calls.length;
    const message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
    hub.hook = faulty((call) => call.index <= from + 1, 403, { message }, { "retry-after": "60" });
    const started = performance.now();
    expect((await read()).head).toBe(await hub.head("main"));
    expect(hub.operations(from)).toHaveLength(3);
    // A second has a millisecond here.
    expect(performance.now() - started).toBeGreaterThan(110);
  });

  test("a rate limit that lasts is given up after two waits", async () => {
    const from = hub.server.calls.length;
    const headers = { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(Math.floor(Date.now() / 1000) + 3) };
    hub.hook = faulty(() => true, 403, { message: "API rate limit exceeded" }, headers);
    const error = await thrown(read());
    expect(hub.operations(from)).toHaveLength(3);
    expect(error).toMatchObject({ name: "OutsideError", retryable: true });
    expect(error.message).toContain("rate limit is used up");
  });

  test("a rate limit that ends in an hour is told at once, with the time", async () => {
    const from = hub.server.calls.length;
    const reset = Math.floor(Date.now() / 1000) + 3600;
    const headers = { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(reset) };
    hub.hook = faulty(() => true, 429, { message: "API rate limit exceeded" }, headers);
    const error = await thrown(read());
    expect(hub.operations(from)).toHaveLength(1);
    expect((error as OutsideError).hint).toContain(new Date(reset * 1000).toISOString());
  });

  test("GraphQL's own way to say so", async () => {
    hub.hook = faulty(() => true, 200, { data: null, errors: [{ type: "RATE_LIMITED", message: "API rate limit" }] });
    const error = await thrown(read());
    expect(error).toMatchObject({ name: "OutsideError", retryable: true });
    expect(error.message).toContain("rate limit is used up");
  });

  test("nobody listens", async () => {
    const closed = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
    const { port } = closed;
    await closed.stop(true);
    const error = await thrown(read({ apiUrl: `http://127.0.0.1:${port}/api/v3` }));
    expect(error).toMatchObject({ name: "OutsideError", retryable: true });
    expect(error.message).toBe("reading acme/models: GitHub cannot be reached");
  });

  test("nobody answers", async () => {
    const { promise: givenUp, resolve: release } = Promise.withResolvers<void>();
    hub.hook = () => givenUp;
    const error = await thrown(read({ timeoutMs: 30, retries: 0 }));
    release();
    hub.hook = undefined;
    expect(error).toMatchObject({ name: "OutsideError", retryable: true });
    expect(error.message).toBe("reading acme/models: GitHub did not answer in time");
  });
});

test("a reply that breaks off is no reply: the call is repeated, and told when it stays so", async () => {
  const from = hub.server.calls.length;
  hub.hook = (call) => {
    if (call.index === from) throw faultOf("cut");
  };
  expect((await read()).head).toBe(await hub.head("main"));
  hub.hook = () => {
    throw faultOf("cut");
  };
  expect((await thrown(read())).message).toBe("reading acme/models: GitHub cannot be reached");
});

test("a page of somebody else's in the place of a reply is told apart", async () => {
  hub.hook = faulty(() => true, 200, "<html>Log in to the guest network</html>", { "content-type": "text/html" });
  const error = await thrown(read());
  expect(error).toMatchObject({ name: "OutsideError", retryable: true });
  expect(error.message).toBe("reading acme/models: what answered is not GitHub's API");
  expect((error as OutsideError).hint).toContain("GITHUB_API_URL");
});

test("an archived repository is named as such, whether REST or GraphQL says so", async () => {
  hub.hook = undefined;
  hub.server.settings.archived = true;
  const errors = [await thrown(commit()), await thrown(hub.client().comment(1, "x"))];
  hub.server.settings.archived = false;
  for (const error of errors) {
    expect(error).toBeInstanceOf(ProblemError);
    expect(error.message).toContain("acme/models was archived, so nobody can write to it");
    expect(error.message).toContain("unarchive it");
  }
});

test("a repository that was renamed is written to by its old name", async () => {
  hub.hook = undefined;
  const { settings } = hub.server;
  settings.formerNames.push(settings.name);
  settings.name = "served-models";
  await commit();
  const { head } = await read();
  await hub.client().propose({
    placement: { kind: "open", branch: "renamed", head: null },
    base: "main",
    baseHead: head,
    files: [{ path: "c", content: "d" }],
    message: "M",
    title: "T",
    body: "B",
  });
  expect(await hub.show("renamed", "c")).toBe("d");
  Object.assign(settings, { name: "models", formerNames: [] });
});

test("a write whose answer got lost says that it may have been done", async () => {
  hub.hook = () => {
    throw faultOf("reset");
  };
  expect(((await thrown(commit())) as OutsideError).hint).toContain("done whole or not at all");
  expect(((await thrown(read())) as OutsideError).hint).toContain("nothing was changed");
});

test("what GitHub says is quoted on one line, without control characters", async () => {
  hub.hook = faulty(() => true, 422, { message: "bad\n\u001b[31mthing" });
  const error = await thrown(read());
  expect(error).toMatchObject({ name: "OutsideError", retryable: false });
  expect(error.message).toBe("reading acme/models: GitHub refused it (bad [31mthing)");
});

test("nothing of Octokit's is printed, whatever fails", async () => {
  const script = `
    import { createGitHub } from "${new URL("../../../../../cli/gitops/edges/github/github.ts", import.meta.url).pathname}";
    const github = createGitHub({ repository: "acme/none", baseBranch: "main", apiUrl: "${hub.server.apiUrl}",
      token: "no-such-token", userAgent: "mmsp-test", secondMs: 1 });
    await github.read({ models: ["m"], environments: [] }).catch(() => {});
    await github.comment(1, "x").catch(() => {});
  `;
  hub.hook = undefined;
  const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe", stderr: "pipe" });
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  expect({ out, err, code }).toEqual({ out: "", err: "", code: 0 });
});

test("what a server in between repeats of the call is neither in the error nor in its causes", async () => {
  const echo = startEcho();
  const at = { apiUrl: `http://127.0.0.1:${echo.port}/api/v3` };
  const error = await thrown(read(at));
  expect(error.message).toContain("cannot do this");
  await thrown(hub.client(at).comment(1, "x"));
  await echo.stop(true);
});
