import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { HeadMoved, type Forge } from "../../../cli/gitops/core/ports.ts";
import { paths } from "../../../schemas/tree.ts";
import { runGit } from "../../support/git.ts";
import { before, faulty, type Hub } from "./hub.ts";
import { branch, deploy, document, published, rollback, startPublisher } from "./publisher.ts";

let hub: Hub;
let publisher: Awaited<ReturnType<typeof startPublisher>>;
beforeEach(async () => {
  publisher = await startPublisher();
  ({ hub } = publisher);
});
afterEach(() => hub[Symbol.asyncDispose]());

describe("when somebody else is faster", () => {
  test.each([0, 1, 2, 3])("a push to main before call %i of a proposal does not disturb it", async (index) => {
    const state = before(hub, index, () => hub.push("main", { "theirs.txt": "x" }));
    expect((await published(publisher.propose(deploy))).pullRequest.action).toBe("opened");
    expect(state.fired).toBe(true);
    expect(await hub.show("main", "theirs.txt")).toBe("x");
  });

  test.each([0, 1, 2, 3])("a push to the branch before call %i of a proposal is kept, and both land", async (index) => {
    let theirs = "";
    before(hub, index, async () => {
      theirs = await hub.push(branch, { "theirs.txt": "x" });
    });
    const { pullRequest } = await published(publisher.propose(deploy));
    expect(await hub.keeps(theirs)).toBe(true);
    expect(await hub.show(pullRequest.branch, document)).toContain('"version":3');
    expect(await publisher.pulls()).toHaveLength(1);
  });

  test.each([0, 1, 2, 3, 4])("a push to the open branch before call %i of an update is kept", async (index) => {
    await published(publisher.propose(deploy));
    let theirs = "";
    before(hub, index, async () => {
      theirs = await hub.push(branch, { "theirs.txt": "x" });
    });
    const { pullRequest } = await published(publisher.propose({ ...deploy, weight: 50 }));
    expect(pullRequest).toMatchObject({ branch, action: "updated" });
    expect(await hub.keeps(theirs)).toBe(true);
    expect(await hub.show(branch, document)).toContain('"weight":50');
  });

  test.each([0, 1])("a commit to main before call %i of a rollback is kept under it", async (index) => {
    let theirs = "";
    before(hub, index, async () => {
      theirs = await hub.push("main", { "theirs.txt": "x" });
    });
    const result = await publisher.commit(rollback);
    expect(result).toMatchObject({ kind: "committed" });
    expect(await hub.keeps(theirs)).toBe(true);
    expect(await hub.show("main", document)).toContain('stable: {"version":1');
    expect(hub.server.calls.length).toBe(index === 0 ? 2 : 4);
  });

  test("two writers of the same proposal at once end with one pull request", async () => {
    const results = await Promise.all([
      publisher.propose(deploy),
      publisher.propose(deploy),
      publisher.propose(deploy),
    ]);
    const numbers = new Set(
      results.map((result) => (result.kind === "published" ? result.pullRequest.number : result)),
    );
    expect(numbers.size).toBe(1);
    expect(await publisher.pulls()).toHaveLength(1);
    expect(await hub.show(branch, document)).toContain('"version":3');
  });

  test.each([1, 2, 3])(
    "a push to the branch before call %i of a proposal, and a second run after it, end with one pull request",
    async (index) => {
      let theirs = "";
      before(hub, index, async () => {
        theirs = await hub.push(branch, { "theirs.txt": "x" });
        await published(publisher.propose({ ...deploy, weight: 25 }));
      });
      await published(publisher.propose(deploy));
      expect((await publisher.pulls()).map(({ head }) => head.ref)).toEqual([branch]);
      expect(await hub.keeps(theirs)).toBe(true);
    },
  );

  test("writers of different changes to one branch all land", async () => {
    const models = ["fraud", "fraud-eu"];
    const results = await Promise.all(models.map((model) => publisher.commit({ ...rollback, model })));
    expect(results.map(({ kind }) => kind)).toEqual(["committed", "committed"]);
    for (const model of models) {
      expect(await hub.show("main", paths.deployment("dev", model))).toContain('stable: {"version":1');
    }
    expect((await runGit(hub.server.gitDir, ["log", "--format=%s", "main"])).split("\n").toSorted()).toEqual([
      "Roll back fraud 2",
      "Roll back fraud-eu 2",
      "Start",
    ]);
  });

  test("a rollback that another has made meanwhile is skipped with the reason", async () => {
    before(hub, 1, () => publisher.commit(rollback));
    expect(await publisher.commit(rollback)).toEqual({ kind: "skip", reason: "version 2 is rejected already" });
    expect((await publisher.commitsOf("main")).length).toBe(1);
  });

  test("a rollback whose answer got lost does not take out the next version", async () => {
    const other = hub.client();
    hub.hook = async (call) => {
      if (!call.operation.includes("createCommitOnBranch")) return;
      hub.hook = undefined;
      // The commit is made, and the connection breaks before the answer.
      const { input } = (call.body as { variables: { input: { fileChanges: { additions: Addition[] } } } }).variables;
      const files = input.fileChanges.additions.map(({ path, contents }) => ({
        path,
        content: Buffer.from(contents, "base64").toString(),
      }));
      await other.commit({ branch: "main", expectedHead: hub.start, files, message: "Roll back\n\nmmsp-change: x" });
      await faulty(() => true, 502)(call);
    };
    expect(await publisher.commit(rollback)).toMatchObject({ kind: "skip" });
    expect(await hub.show("main", document)).toContain('stable: {"version":1');
  });

  test("a branch that never stands still is given up after two minutes", async () => {
    const real = hub.client();
    const forge: Forge = { ...real, commit: () => Promise.reject(new HeadMoved("main has moved")) };
    let reads = 0;
    const counting: Forge = {
      ...forge,
      read: (...args) => {
        reads += 1;
        return real.read(...args);
      },
    };
    const error: unknown = await publisher.commit(rollback, { forge: counting }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: "OutsideError", retryable: true });
    expect(String(error)).toContain("kept moving for 2 minutes");
    expect(reads).toBeGreaterThan(10);
    expect(reads).toBeLessThan(40);
  });
});

interface Addition {
  readonly path: string;
  readonly contents: string;
}
