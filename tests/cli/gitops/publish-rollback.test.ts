import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { ProtectedBranch } from "../../../cli/gitops/core/ports.ts";
import { faulty, type Hub } from "./hub.ts";
import { published, rollback, startPublisher } from "./publisher.ts";

let hub: Hub;
let publisher: Awaited<ReturnType<typeof startPublisher>>;
beforeEach(async () => {
  publisher = await startPublisher();
  ({ hub } = publisher);
});
afterEach(() => hub[Symbol.asyncDispose]());

describe("a rollback", () => {
  test("to a protected branch is told apart, so that a pull request can take its place", async () => {
    const message = "Repository rule violations found\n\nChanges must be made through a pull request.\n\n";
    const body = { data: { createCommitOnBranch: null }, errors: [{ type: "UNPROCESSABLE", message }] };
    hub.hook = faulty((call) => call.operation.includes("createCommitOnBranch"), 200, body);
    const error: unknown = await publisher.commit(rollback).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ProtectedBranch);
    hub.hook = undefined;
    expect((await published(publisher.propose(rollback))).pullRequest.branch).toBe("mmsp/dev/fraud/rollback-2");
  });

  test("comments on every other open pull request that names the version", async () => {
    await hub.push("mmsp/prod/fraud/promote-2", { "p.txt": "x" });
    await hub.push("mmsp/prod/fraud-eu/promote-2", { "p.txt": "x" });
    await hub.push("mmsp/prod/fraud/promote-22", { "p.txt": "x" });
    for (const head of ["fraud/promote-2", "fraud-eu/promote-2", "fraud/promote-22"]) {
      await hub.api("POST", "/pulls", { head: `mmsp/prod/${head}`, base: "main", title: head });
    }
    const result = await publisher.commit(rollback);
    expect(result).toMatchObject({ kind: "committed", notices: [] });
    const all = await publisher.pulls();
    const bodies = await Promise.all(
      all.map(async ({ title, number }) => {
        const comments = (await hub.api("GET", `/issues/${number}/comments`)) as { body: string }[];
        return [title, comments.map(({ body }) => body)] as const;
      }),
    );
    const commented = bodies.filter(([, comments]) => comments.length > 0);
    expect(commented.map(([title]) => title)).toEqual(["fraud/promote-2"]);
    expect(commented[0]?.[1][0]).toContain("Version 2 of fraud was rolled back in dev");
    expect(commented[0]?.[1][0]).toContain("`errors 'rm'`");
  });

  test("that cannot comment says so and has happened all the same", async () => {
    await hub.push("mmsp/prod/fraud/promote-2", { "p.txt": "x" });
    await hub.api("POST", "/pulls", { head: "mmsp/prod/fraud/promote-2", base: "main", title: "T" });
    hub.hook = faulty((call) => call.operation.includes("comments"), 403);
    const result = await publisher.commit(rollback);
    expect(result).toMatchObject({ kind: "committed", notices: [expect.stringContaining("could not comment on #1")] });
  });
});
