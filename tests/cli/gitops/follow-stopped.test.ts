/** Where waiting for a pull request ends before it is merged: what is known of it, and of the version that it is about. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { ForgeFault } from "../../../cli/demo/forge/fault.ts";
import { sampleFiles } from "./documents.ts";
import { follow } from "./follower.ts";
import { startHub, type Hub } from "./hub.ts";

const deployment = "environments/dev/models/fraud/deployment.yaml";
let hub: Hub;

beforeEach(async () => {
  hub = await startHub(sampleFiles());
});
afterEach(() => hub[Symbol.asyncDispose]());

test("one that conflicts is to be closed where the base branch has come to reject its version", async () => {
  await hub.push("mmsp/dev/fraud/deploy-7", { "notes.txt": "new\n" });
  const request = { title: "T", head: "mmsp/dev/fraud/deploy-7", base: "main" };
  const { number } = (await hub.api("POST", "/pulls", request)) as { number: number };
  const rejected =
    '  rejected: [{version: 7, attempt: 9, at: "2026-11-21T07:00:00Z", phase: canary, by: guard, reason: slow}]\n';
  const text = await hub.show("main", deployment);
  const reject = () => hub.push("main", { "notes.txt": "other\n", [deployment]: `${text.trimEnd()}\n${rejected}` });
  const { end } = await follow(hub, number, [reject]);
  expect(end).toMatchObject({
    kind: "stopped",
    problem: { code: "pull-request-conflict", hint: "close it: version 7 was rejected since (guard: slow)" },
  });
});

test("one that nobody could look at is not said to be open", async () => {
  hub.hook = () => {
    throw new ForgeFault({ status: 502, body: {} });
  };
  const { end } = await follow(hub, 9, [], { timeoutMs: 0 });
  expect(end).toMatchObject({
    problem: { message: "after 0 min nothing is known of pull request #9: GitHub does not answer" },
  });
});
