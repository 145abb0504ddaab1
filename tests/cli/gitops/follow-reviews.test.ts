import { expect, test } from "bun:test";
import { follow } from "./follower.ts";
import { startHub, token } from "./hub.ts";

test("a pull request is followed through its reviews: asked for, objected to, given, dismissed by a push", async () => {
  await using hub = await startHub();
  hub.server.settings.rules.set("main", { as: "ruleset", pullRequest: { approvals: 1, dismissStale: true } });
  const branch = "mmsp/registry/fraud/4-12345678";
  await hub.push(branch, { "notes.txt": "new\n" });
  await hub.api("POST", "/pulls", { title: "T", head: branch, base: "main" });
  const review = (event: string) => hub.api("POST", "/pulls/1/reviews", { event, body: "See the notes" }, token);
  const happenings = [
    () => review("REQUEST_CHANGES"),
    () => review("APPROVE"),
    () => hub.push(branch, { "more.txt": "more\n" }),
    () => review("APPROVE"),
    () => hub.api("PUT", "/pulls/1/merge", {}),
  ];

  const told: string[] = [];
  const { end } = await follow(hub, 1, happenings, { tell: (says) => void told.push(says) });
  expect(end).toMatchObject({ kind: "merged", commit: await hub.head("main") });
  expect(told).toEqual([
    "waiting for a review",
    "a reviewer asked for changes",
    "ready, waiting for somebody to merge it",
    "waiting for a review",
    "ready, waiting for somebody to merge it",
  ]);
});
