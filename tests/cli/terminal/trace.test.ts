import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { formatCall, traceFetch, type HttpCall } from "../../../cli/terminal/trace.ts";

const secret = "s3cr3t-0123456789";
let server: ReturnType<typeof Bun.serve>;

beforeAll(() => {
  server = Bun.serve({
    port: 0,
    fetch: (request) =>
      new Response("body", {
        status: request.method === "DELETE" ? 404 : 200,
        headers: new URL(request.url).pathname === "/graphql" ? { "x-ratelimit-remaining": "4987" } : {},
      }),
  });
});

afterAll(() => server.stop(true));

/** The lines that calls with this `fetch` leave; each takes 7 ms. */
async function lines(use: (fetch: typeof globalThis.fetch, url: string) => Promise<unknown>): Promise<string[]> {
  const calls: HttpCall[] = [];
  let time = 0;
  const traced = traceFetch(
    fetch,
    (call) => void calls.push(call),
    () => (time += 7),
  );
  await use(traced, server.url.origin);
  expect(JSON.stringify(calls)).not.toContain(secret);
  return calls.map((call) => formatCall(call).replaceAll(server.url.origin, "http://host"));
}

describe("a trace", () => {
  test("has method, address, status and time, and hands the answer on as it is", async () => {
    const told = await lines(async (fetch, url) => {
      expect(await (await fetch(`${url}/repos/acme/models/pulls`)).text()).toBe("body");
      await fetch(new Request(`${url}/repos/x`, { method: "DELETE" }));
      await fetch(new URL(`${url}/y`), { method: "put" });
    });
    expect(told).toEqual([
      "GET http://host/repos/acme/models/pulls: 200 in 7 ms",
      "DELETE http://host/repos/x: 404 in 7 ms",
      "PUT http://host/y: 200 in 7 ms",
    ]);
  });

  test("of GraphQL names the operation, and what is left of the rate limit", async () => {
    const queries = [
      "query Read($name: String!) { repository(name: $name) { id } }",
      "mutation($input: Input!) { createCommitOnBranch(input: $input) { commit { oid } } }",
      "{ one: viewer { login } }",
    ];
    const told = await lines(async (fetch, url) => {
      for (const query of queries) {
        await fetch(`${url}/graphql`, {
          method: "POST",
          body: JSON.stringify({ query, variables: { token: secret } }),
        });
      }
      await fetch(`${url}/graphql`, { method: "POST", body: secret });
    });
    expect(told).toEqual([
      "POST http://host/graphql Read: 200 in 7 ms, 4987 left",
      "POST http://host/graphql createCommitOnBranch: 200 in 7 ms, 4987 left",
      "POST http://host/graphql viewer: 200 in 7 ms, 4987 left",
      "POST http://host/graphql: 200 in 7 ms, 4987 left",
    ]);
  });

  test("never tells headers, users, passwords, queries or bodies", async () => {
    const told = await lines(async (fetch, url) => {
      const headers = { authorization: `Bearer ${secret}`, "x-api-key": secret };
      await fetch(`${url}/a?X-Amz-Signature=${secret}#${secret}`, { method: "POST", headers, body: secret });
      await fetch(url.replace("://", `://user:${secret}@`), { headers }).catch(() => {});
    });
    expect(told[0]).toBe("POST http://host/a?...: 200 in 7 ms");
    expect(told[1]).toStartWith("GET http://host/: ");
  });

  test("of a call without an answer tells the kind of failure, which goes on to the caller", async () => {
    const told = await lines(async (fetch) => {
      expect(fetch("http://127.0.0.1:1/x")).rejects.toThrow();
      await fetch("http://127.0.0.1:1/x").catch(() => {});
      await fetch(`http://127.0.0.1:1/${secret} is no url`.slice(0, 4)).catch(() => {});
    });
    expect(told[0]).toMatch(/^GET http:\/\/127\.0\.0\.1:1\/x: (ECONNREFUSED|ConnectionRefused) in \d+ ms$/);
    expect(told.at(-1)).toMatch(/^GET an address that is none: \w+ in 7 ms$/);
  });
});
