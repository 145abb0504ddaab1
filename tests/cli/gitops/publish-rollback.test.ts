import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { ProtectedBranch } from "../../../cli/gitops/core/ports.ts";
import { faulty, type Hub } from "./hub.ts";
import { document, published, rollback, startPublisher } from "./publisher.ts";
import { paths } from "../../../schemas/tree.ts";

let hub: Hub;
let publisher: Awaited<ReturnType<typeof startPublisher>>;
beforeEach(async () => {
  publisher = await startPublisher();
  ({ hub } = publisher);
});
afterEach(() => hub[Symbol.asyncDispose]());

/** A pull request of somebody's, with the branch for its title. */
async function open(head: string, files: Readonly<Record<string, string>>): Promise<void> {
  await hub.push(head, files);
  await hub.api("POST", "/pulls", { head, base: "main", title: head });
}

/** title -> comments of each open pull request that has some */
async function comments(): Promise<Readonly<Record<string, readonly string[]>>> {
  const entries = await Promise.all(
    (await publisher.pulls()).map(async ({ title, number }) => {
      const all = (await hub.api("GET", `/issues/${number}/comments`)) as { body: string }[];
      return [title, all.map(({ body }) => body)] as const;
    }),
  );
  return Object.fromEntries(entries.filter(([, bodies]) => bodies.length > 0));
}

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

  test("comments on every open pull request of mmsp's that names the version, in any environment", async () => {
    for (const name of ["prod/fraud/promote-2", "prod/fraud-eu/promote-2", "prod/fraud/promote-22"]) {
      await open(`mmsp/${name}`, { "p.txt": "x" });
    }
    const result = await publisher.commit(rollback);
    expect(result).toMatchObject({ kind: "committed", notices: [] });
    const commented = await comments();
    expect(Object.keys(commented)).toEqual(["mmsp/prod/fraud/promote-2"]);
    const [text] = commented["mmsp/prod/fraud/promote-2"] ?? [];
    expect(text).toContain("Version 2 of fraud was rolled back in dev");
    expect(text).toContain("`errors 'rm'`");
  });

  test("comments on every open pull request that changes the model's folder, whoever opened it", async () => {
    const text = await hub.show("main", document);
    await open("raise-the-limits", { [document]: `${text}\n# ours\n` });
    await open("mmsp/dev/fraud/deploy-3", { [document]: `${text}\n# 3\n` });
    await open("typo", { "README.md": "# Models\n" });
    await open("another-model", { [paths.deployment("dev", "fraud-eu")]: "x\n" });
    await open("another-environment", { [paths.deployment("prod", "fraud")]: "x\n" });
    const from = hub.server.calls.length;
    await publisher.commit(rollback);
    expect(Object.keys(await comments()).toSorted()).toEqual(["mmsp/dev/fraud/deploy-3", "raise-the-limits"]);
    expect(hub.operations(from).slice(0, 5)).toEqual([
      "graphql repository",
      "graphql createCommitOnBranch",
      "graphql repository",
      "POST /repos/{owner}/{repo}/issues/{issue_number}/comments",
      "POST /repos/{owner}/{repo}/issues/{issue_number}/comments",
    ]);
  });

  test("comments once, however often its waiting pull request is brought up to date", async () => {
    await open("mmsp/prod/fraud/promote-2", { "p.txt": "x" });
    await published(publisher.propose(rollback));
    for (const reason of ["errors", "more errors"]) {
      expect((await published(publisher.propose({ ...rollback, reason }))).pullRequest.action).toBe("updated");
    }
    const commented = await comments();
    expect(Object.keys(commented)).toEqual(["mmsp/prod/fraud/promote-2"]);
    expect(commented["mmsp/prod/fraud/promote-2"]).toHaveLength(1);
  });

  test("that cannot comment, or not look, says so and has happened all the same", async () => {
    await open("mmsp/prod/fraud/promote-2", { "p.txt": "x" });
    await open("fix", { "p.txt": "y" });
    hub.hook = (call) => {
      const { query = "" } = (call.body ?? {}) as { query?: string };
      if (call.operation.includes("comments") || query.includes("files(first")) return faulty(() => true, 403)(call);
    };
    expect(await publisher.commit(rollback)).toMatchObject({
      kind: "committed",
      notices: [
        expect.stringContaining("could not look which open pull requests change"),
        expect.stringContaining("could not comment on #1"),
      ],
    });
  });
});
