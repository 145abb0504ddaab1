import { expect, test } from "bun:test";
import { appTemplates } from "../../../cli/demo/forge/apps/routes.ts";
import { restTemplates } from "../../../cli/demo/forge/rest/serve.ts";
import { startForge } from "../../../cli/demo/forge/server.ts";
import { temporaryDirectory } from "../git.ts";
import { checkedReplies, readDescription } from "./check-reply.ts";
import { describedAs } from "./described.ts";

const operation = "GET /repos/{owner}/{repo}/git/ref/{ref}";
const ref = {
  ref: "refs/heads/main",
  node_id: "x",
  url: "http://127.0.0.1/x",
  object: { type: "commit", sha: "a".repeat(40), url: "http://127.0.0.1/y" },
};

test("every route that is served has GitHub's description of its replies", () => {
  const { replies, origin } = readDescription();
  expect(origin).toContain("MIT");
  for (const template of [...restTemplates, ...appTemplates])
    expect(Object.keys(replies)).toContain(describedAs(template));
});

test("a reply as GitHub gives it passes, also a refusal", () => {
  const { check, settle } = checkedReplies();
  check({ operation, status: 200, body: ref });
  check({ operation, status: 404, body: { message: "Not Found", documentation_url: "https://docs.github.com/rest" } });
  check({
    operation,
    status: 401,
    body: { message: "Bad credentials", documentation_url: "https://docs.github.com/rest" },
  });
  settle();
});

test.each([
  ["of another type", 200, { ...ref, node_id: 7 }, "/node_id must be string"],
  ["that lacks something", 200, { ...ref, object: undefined }, "must have required property 'object'"],
  ["that is no address", 200, { ...ref, url: "nowhere" }, 'must match format "uri"'],
  ["of a status that GitHub does not give", 201, ref, "GitHub never answers"],
  ["a refusal without words", 422, {}, "must have required property 'message'"],
])("a reply %s is refused at once, and again in the end", (_what, status, body, complaint) => {
  const { check, settle } = checkedReplies();
  expect(() => check({ operation, status, body })).toThrow(complaint);
  expect(settle).toThrow(complaint);
});

test("the server answers 500 in the place of a reply that is refused", async () => {
  await using directory = await temporaryDirectory();
  const check = () => {
    throw new Error("not as GitHub has it");
  };
  const forge = await startForge({ directory: directory.path, owner: "acme", repo: "models", check });
  const reply = await fetch(`${forge.apiUrl}/rate_limit`, { headers: { authorization: "Bearer demo-token" } });
  expect([reply.status, await reply.text()]).toEqual([500, expect.stringContaining("not as GitHub has it")]);
  await forge.stop();
});
