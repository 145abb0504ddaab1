/** A branch of mmsp's that holds others' commits and has no open pull request: taken along, or left behind. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { runGit } from "../../support/git.ts";
import type { Hub } from "./hub.ts";
import { branch, deploy, published, startPublisher } from "./publisher.ts";

let hub: Hub;
let publisher: Awaited<ReturnType<typeof startPublisher>>;
beforeEach(async () => {
  publisher = await startPublisher();
  ({ hub } = publisher);
});
afterEach(() => hub[Symbol.asyncDispose]());

test("a proposal whose branch holds others' commits and had no pull request yet takes them along", async () => {
  const theirs = await hub.push(branch, { "notes.md": "why" });
  const from = hub.server.calls.length;
  const { pullRequest, notices } = await published(publisher.propose(deploy));
  expect(hub.operations(from).length).toBeLessThanOrEqual(5);
  expect(pullRequest).toMatchObject({ branch, action: "opened" });
  expect(notices).toContain(`${branch} held others' commits: the pull request has them, too`);
  expect(await hub.keeps(theirs)).toBe(true);
  expect(await publisher.commitsOf(branch)).toEqual(["Deploy fraud 3 at 10 %", "Somebody's work"]);
  const again = await published(publisher.propose(deploy));
  expect(again.pullRequest).toEqual({ ...pullRequest, action: "unchanged" });
  expect(again.notices.join()).not.toContain("held others'");
});

test("a proposal whose branch says all of it already only opens the pull request", async () => {
  await published(publisher.propose(deploy));
  const theirs = await hub.push(branch, { "notes.md": "why" });
  // As if the run had been killed before it opened one.
  hub.server.forget();
  const { pullRequest } = await published(publisher.propose(deploy));
  expect(pullRequest).toMatchObject({ branch, action: "opened" });
  expect(await hub.head(branch)).toBe(theirs);
});

test.each(["merge", "squash", "rebase"])(
  "a pull request that was merged by %s does not stand in the way of a later branch of its name",
  async (method) => {
    const first = await published(publisher.propose(deploy));
    await hub.push(branch, { "notes.md": "why" });
    await hub.api("PUT", `/pulls/${first.pullRequest.number}/merge`, { merge_method: method });
    await runGit(hub.server.gitDir, ["update-ref", "-d", `refs/heads/${branch}`]);
    const theirs = await hub.push(branch, { "more.md": "why" });
    const { pullRequest } = await published(publisher.propose({ ...deploy, weight: 50 }));
    expect(pullRequest).toMatchObject({ branch, action: "opened" });
    expect(await hub.keeps(theirs)).toBe(true);
  },
);

test("what was left behind by a squashed pull request goes into no other one", async () => {
  const first = await published(publisher.propose(deploy));
  const theirs = await hub.push(branch, { "notes.md": "why" });
  await hub.api("PUT", `/pulls/${first.pullRequest.number}/merge`, { merge_method: "squash" });
  const { pullRequest } = await published(publisher.propose({ ...deploy, weight: 50 }));
  expect(pullRequest).toMatchObject({ branch: `${branch}-2`, action: "opened" });
  expect(await hub.head(branch)).toBe(theirs);
});
