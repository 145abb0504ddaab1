import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import type { Application } from "../../../../../cli/gitops/core/argocd-port.ts";
import { OutsideError } from "../../../../../cli/gitops/core/ports.ts";
import { createArgoCd } from "../../../../../cli/gitops/edges/argocd/client.ts";
import { ProblemError } from "../../../../../schemas/problem.ts";
import { argocdToken, argoStatus, refused, startFakeArgoCd, type FakeArgoCd } from "../../../../support/argocd-fake.ts";
import { startHttps } from "../../../../support/https.ts";

const folder = "environments/dev/models/fraud";
const withToken = { ARGOCD_AUTH_TOKEN: argocdToken };
let fake: FakeArgoCd;

beforeAll(() => {
  fake = startFakeArgoCd();
});
afterAll(() => fake[Symbol.dispose]());
afterEach(() => {
  fake.hook = undefined;
  fake.applications.clear();
  fake.calls.length = 0;
});

const client = (address = fake.url, env: Record<string, string> = withToken, timeoutMs = 5000) =>
  createArgoCd(address, env, { userAgent: "mmsp-test", timeoutMs });

const application: Application = {
  name: "dev-fraud",
  namespace: "argocd",
  project: "default",
  sources: [],
  isAutomatic: true,
};

/** What a call throws. */
async function failure(call: () => Promise<unknown>): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

async function problem(call: () => Promise<unknown>) {
  const error = await failure(call);
  if (!(error instanceof ProblemError)) throw error;
  return error.problems[0];
}

test("applications are listed by what they apply, without their state, below whatever path the server has", async () => {
  fake.add("dev-fraud", folder);
  expect(await client(`${fake.url}/`).applications()).toEqual([
    {
      ...application,
      sources: [{ repository: "https://github.com/acme/models.git", path: folder, revision: "HEAD" }],
    },
  ]);
  const fields = "items.metadata.name,items.metadata.namespace,items.spec";
  expect(fake.calls).toEqual([
    { path: "/api/v1/applications", query: { fields }, authorization: `Bearer ${argocdToken}` },
  ]);
  fake.hook = ({ path }) => (path === "/argo/api/v1/applications" ? Response.json({ items: [] }) : undefined);
  expect(await client(`${fake.url}/argo`).applications()).toEqual([]);
});

test("a server without applications has none", async () => {
  expect(await client().applications()).toEqual([]);
});

test("the state of one is read, on request after a look at git; one that is gone is null", async () => {
  fake.add("dev-fraud", folder, argoStatus("OutOfSync", "Healthy", "a1"));
  fake.compare = (compared) => {
    compared.status = argoStatus("Synced", "Healthy", "b2");
  };
  expect(await client().state(application, false)).toMatchObject({ sync: "OutOfSync", revisions: ["a1"] });
  expect(await client().state(application, true)).toMatchObject({ sync: "Synced", revisions: ["b2"] });
  expect(fake.calls.map(({ query }) => query)).toEqual([
    { appNamespace: "argocd", project: "default" },
    { appNamespace: "argocd", project: "default", refresh: "normal" },
  ]);
  expect(await client().state({ ...application, name: "gone" }, false)).toBeNull();
});

test("a page for people is that of the web interface", () => {
  expect(client("https://argocd.example.com/").pageOf(application)).toBe(
    "https://argocd.example.com/applications/argocd/dev-fraud",
  );
});

test("without a token, and with one that is not taken, it says which variable is meant and how one is made", async () => {
  const hint = expect.stringMatching(/ARGOCD_AUTH_TOKEN.*argocd account generate-token.*applications, get/);
  expect(await problem(() => client(fake.url, {}).applications())).toMatchObject({
    code: "argocd-unauthorized",
    message: expect.stringMatching(/asks who you are, and ARGOCD_AUTH_TOKEN is not set \(no session information\)$/),
    hint,
  });
  const stale = { ARGOCD_AUTH_TOKEN: "stale-token-0123456789" };
  fake.hook = () => refused(401, 16, "invalid session: stale-token-0123456789 is expired");
  const told = await problem(() => client(fake.url, stale).applications());
  expect(told).toMatchObject({ message: expect.stringContaining("does not take ARGOCD_AUTH_TOKEN"), hint });
  expect(JSON.stringify(told)).not.toContain("stale-token");
});

test("what the token may not do is told with Argo CD's words", async () => {
  fake.hook = () => refused(403, 7, "permission denied: applications, get, default/dev-fraud, sub: ci");
  expect(await problem(() => client().state(application, true))).toMatchObject({
    code: "argocd-forbidden",
    message: expect.stringContaining("(permission denied: applications, get, default/dev-fraud, sub: ci)"),
    hint: expect.stringContaining("`applications, get`"),
  });
});

test.each([
  ["a page to log in on", () => new Response("<html>Log in</html>", { headers: { "content-type": "text/html" } })],
  ["another server's JSON", () => Response.json({ hello: "world" })],
  ["another server's 404", () => new Response("not found", { status: 404 })],
])("%s is no Argo CD", async (_, answer) => {
  fake.hook = answer;
  const told = await problem(() => client().applications());
  expect(told).toMatchObject({ code: "argocd-not-there", hint: expect.stringContaining("spec.addresses.argocd") });
});

test("a redirect is told and not followed: the token stays with the host that it was meant for", async () => {
  const reached: string[] = [];
  using elsewhere = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => {
      reached.push(request.url);
      return Response.json({ items: [] });
    },
  });
  fake.hook = () => Response.redirect(elsewhere.url.href, 307);
  expect(await problem(() => client().applications())).toMatchObject({
    code: "argocd-not-there",
    message: expect.stringContaining("sends the call elsewhere (307)"),
  });
  expect(reached).toEqual([]);
});

test.each([
  ["a server that is away", 502, "answers with 502"],
  ["one that has too much to do", 429, "answers with 429"],
  ["one whose look at git broke off", 500, "answers with 500 (application refresh deadline exceeded)"],
])("%s may be asked again", async (_, status, words) => {
  fake.hook = () =>
    status === 500 ? refused(500, 2, "application refresh deadline exceeded") : new Response("", { status });
  const error = await failure(() => client().state(application, false));
  expect(error).toBeInstanceOf(OutsideError);
  expect(error).toMatchObject({ retryable: true, message: expect.stringContaining(words) });
});

test("so may one that does not answer in time, and one that is not there", async () => {
  const { promise, resolve } = Promise.withResolvers<Response>();
  fake.hook = () => promise;
  const error = await failure(() => client(fake.url, withToken, 50).applications());
  expect(error).toMatchObject({ retryable: true, message: expect.stringContaining("it did not answer in time") });
  resolve(new Response(""));
  const refusal = await failure(() => client("http://127.0.0.1:1").applications());
  expect(refusal).toMatchObject({
    retryable: true,
    message: "Argo CD at 127.0.0.1:1 cannot be reached: the connection was refused",
  });
});

test("a certificate that nobody trusts is told with the variable that trusts it", async () => {
  using server = startHttps(() => Response.json({ items: [] }));
  expect(await problem(() => client(server.url).applications())).toMatchObject({
    code: "argocd-certificate",
    message: expect.stringContaining("its certificate is not trusted"),
    hint: expect.stringContaining("NODE_EXTRA_CA_CERTS"),
  });
});

test("a token does not go over a network in the clear, and is not sent where it cannot be one", async () => {
  const refusal = (address: string, token: string) =>
    problem(async () => client(address, { ARGOCD_AUTH_TOKEN: token }));
  expect(await refusal("http://argocd.example.com", argocdToken)).toMatchObject({ code: "argocd-unencrypted" });
  expect(await refusal("https://argocd.example.com", "two\nlines")).toMatchObject({ code: "argocd-token-malformed" });
});
