import { Database } from "bun:sqlite";
import { join } from "node:path";
import { expect, setDefaultTimeout, test } from "bun:test";
import { predictAt, sendAlert, startCircle, type Circle } from "../support/circle.ts";
import type { GatewayProcess } from "../support/gateway-process.ts";
import type { LineCall, Moment } from "../support/line.ts";
import { linearModel } from "../support/models.ts";
import { servingTree } from "../support/serving-tree.ts";

// Several processes a test, all of them on two cores.
setDefaultTimeout(40_000);

/** Version 2 is a canary that takes all the traffic. */
const files = servingTree({
  fraud: {
    versions: { 1: linearModel(), 2: linearModel({ bias: [9, 0] }) },
    canary: 2,
    weight: 100,
    spec: { slo: { minRequests: 1 } },
  },
});

const reads = ({ path, body }: LineCall) => path === "/api/graphql" && !body.includes("mutation");
const commits = ({ body }: LineCall) => body.includes("createCommitOnBranch");
const fetches = ({ path }: LineCall) => path.includes("/info/refs");

const steps: readonly (readonly [string, Moment, (call: LineCall) => boolean])[] = [
  ["before the branch is read for the commit", "before", reads],
  ["after the branch was read", "after", reads],
  ["before the commit takes effect", "before", commits],
  ["after the commit took effect, before its reply", "after", commits],
  ["after the commit's reply, before the gateway has seen it", "before", fetches],
];

test.concurrent.each(steps)(
  "killed %s, a restarted gateway ends in exactly one rollback commit",
  async (_, moment, matches) => {
    await using circle = await startCircle(files);
    await killAt(circle, () => circle.line.hold(moment, matches));

    // The cut was stored: nobody has to say it again.
    await using second = await circle.start();
    await second.logged("git agrees: the cut is over");
    await expectOneRollback(circle, second);
  },
);

test.concurrent("killed before the cut is stored, a restarted gateway that gets the alert again ends in exactly one rollback commit", async () => {
  await using circle = await startCircle(files);
  await using first = await circle.start();
  await predictAt(first, { instances: [[1, 2, 3]] });
  // Another process holds the store's lock: the cut is in memory only, and the commit is about to go.
  const lock = new Database(join(circle.dataDir, "cuts.sqlite"));
  lock.run("BEGIN IMMEDIATE");
  const held = circle.line.hold("before", reads);
  const answer = sendAlert(first);
  await held;
  expect((await answer).status).toBe(503);
  await first.kill();
  expect(lock.query("SELECT * FROM cuts").all()).toEqual([]);
  lock.close();

  await using second = await circle.start();
  expect((await predictAt(second, { instances: [[1, 2, 3]] })).headers.get("x-mmsp-version")).toBe("2");
  const again = await sendAlert(second);
  expect(again.status).toBe(200);
  expect(again.json()["results"]).toMatchObject([{ decision: "cut" }]);
  await second.logged("git agrees: the cut is over");
  await expectOneRollback(circle, second);
});

/** Sends the alert and kills the gateway when the held call has come. */
async function killAt(circle: Circle, hold: () => Promise<void>): Promise<void> {
  await using first = await circle.start();
  expect((await predictAt(first, { instances: [[1, 2, 3]] })).headers.get("x-mmsp-version")).toBe("2");
  const held = hold();
  // Nobody asks what became of it: the cut is stored by then, whether the alert was answered or not.
  const answer = sendAlert(first).catch(() => null);
  await held;
  await first.kill();
  await answer;
}

async function expectOneRollback(circle: Circle, gateway: GatewayProcess): Promise<void> {
  expect(await circle.commits()).toEqual([expect.stringContaining("Roll back fraud")]);
  const { canary, stable, rejected } = await circle.deployment();
  expect({ canary, stable }).toMatchObject({ canary: undefined, stable: { version: 1 } });
  expect(rejected).toMatchObject([{ version: 2, attempt: 6, phase: "canary", by: "alert" }]);
  expect((await predictAt(gateway, { instances: [[1, 2, 3]] })).headers.get("x-mmsp-version")).toBe("1");

  const again = await sendAlert(gateway);
  expect(again.json()["results"]).toMatchObject([{ decision: "ignored", code: "already-rejected" }]);
  expect(await circle.commits()).toHaveLength(1);
}
