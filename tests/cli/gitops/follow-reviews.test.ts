import { expect, test } from "bun:test";
import { followChange } from "../../../cli/gitops/follow-change.ts";
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
  let now = Date.parse("2026-11-21T08:00:00Z");
  const end = await followChange(
    { pull: 1, environment: null, model: null },
    {
      forge: hub.client(),
      gateway: () => Promise.resolve(null),
      now: () => new Date(now),
      async sleep(ms) {
        now += ms;
        await happenings.shift()?.();
      },
      tell: (says) => void told.push(says),
      timeoutMs: 15 * 60_000,
    },
  );
  expect(end).toMatchObject({ kind: "merged", commit: await hub.head("main") });
  expect(told).toEqual([
    "waiting for a review",
    "a reviewer asked for changes",
    "ready, waiting for somebody to merge it",
    "waiting for a review",
    "ready, waiting for somebody to merge it",
  ]);
});
