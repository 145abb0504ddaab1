import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { paths } from "../../schemas/tree.ts";
import { predictAt, sendAlert, startCircle, type Circle } from "../support/circle.ts";
import { breastCancer } from "../support/example-models.ts";
import { startGatewayProcess, type GatewayProcess } from "../support/gateway-process.ts";
import { alertsToken } from "../support/gateway-rig.ts";
import { temporaryFolder } from "../support/folder.ts";
import { runGit } from "../support/git.ts";
import { linearModel, slowModel } from "../support/models.ts";
import { servingTree } from "../support/serving-tree.ts";

// Several processes a test, all of them on two cores.
setDefaultTimeout(40_000);

const fraud = {
  versions: { 1: linearModel(), 2: linearModel({ bias: [9, 0] }) },
  canary: 2,
  weight: 100,
  spec: { slo: { minRequests: 1 } },
};
const good = { instances: [[1, 2, 3]] };
const versionAt = async (gateway: GatewayProcess) => (await predictAt(gateway, good)).headers.get("x-mmsp-version");

// Alone, because the reply names the commit only where that is there within 2 s.
test("an alert moves the traffic and is answered with the commit that rejects the version", async () => {
  await using circle = await startCircle(servingTree({ fraud }));
  await using gateway = await circle.start();
  expect(await versionAt(gateway)).toBe("2");
  const reply = await sendAlert(gateway);
  expect(reply.status).toBe(200);
  const [result] = reply.json()["results"] as { decision: string; commit: string }[];
  expect(result).toMatchObject({ decision: "cut", commit: expect.stringMatching(/^[0-9a-f]{40}$/) });
  expect(await versionAt(gateway)).toBe("1");
  await gateway.logged("git agrees: the cut is over");

  expect(await circle.commits()).toEqual([expect.stringContaining("Roll back fraud")]);
  expect(await circle.deployment()).toMatchObject({
    stable: { version: 1 },
    rejected: [{ version: 2, attempt: 6, phase: "canary", by: "alert", reason: "ErrorRateHigh: one in three fails" }],
  });
  const status = (await (await fetch(`${gateway.url}/status`)).json()) as object;
  expect(status).toMatchObject({ revision: result!.commit, cuts: [], problems: [] });
});

test.concurrent("the guard finds a really failing model under traffic, and no client notices", async () => {
  const { versions, featureOrder, rows } = await breastCancer();
  const since = "2026-11-20T09:12:00Z";
  const spec = { stable: { version: 2, attempt: 5, since }, canary: { version: 3, attempt: 6, since, weight: 20 } };
  const model = "breast-cancer";
  await using circle = await startCircle(servingTree({ [model]: { versions, featureOrder: featureOrder!, spec } }));
  await using gateway = await circle.start();
  const traffic = { goesOn: true };
  const over = gateway.logged("git agrees: the cut is over").then(() => (traffic.goesOn = false));
  const statuses = new Set<number>();
  for (let sent = 0; sent < 20_000 && traffic.goesOn; sent++) {
    const reply = await predictAt(gateway, { model, features: rows[sent % rows.length] });
    statuses.add(reply.status);
  }
  await over;
  expect([...statuses]).toEqual([200]);
  expect(await circle.commits()).toEqual([expect.stringContaining("Roll back breast-cancer")]);
  expect(await circle.deployment(model)).toMatchObject({
    stable: { version: 2 },
    rejected: [{ version: 3, attempt: 6, phase: "canary", by: "guard", evidence: expect.any(Object) }],
  });
});

describe("where rollbacks are pull requests", () => {
  const files = servingTree({ fraud }, { publish: { rollback: "pull-request" } });

  test.concurrent("one is opened, adopted after a restart, and not opened again once a person has closed it", async () => {
    await using circle = await startCircle(files);
    const open = async () => (await circle.api("GET", "/pulls?state=open")) as { number: number; title: string }[];
    await using first = await circle.start();
    await versionAt(first);
    await sendAlert(first);
    await first.logged("rollback: waiting");
    const [pull] = await open();
    expect(pull).toMatchObject({ title: expect.stringContaining("Roll back fraud") });
    await first.kill();

    await using second = await circle.start();
    await second.logged("rollback: waiting");
    expect(await open()).toEqual([pull!]);
    await second.kill();

    await circle.api("PATCH", `/pulls/${pull!.number}`, { state: "closed" });
    await using third = await circle.start();
    await third.logged("rollback: refused");
    await sendAlert(third);
    expect(await third.terminate()).toBe(0);

    await using fourth = await circle.start();
    expect(await versionAt(fourth)).toBe("1");
    expect(await open()).toEqual([]);
    expect(await circle.api("GET", "/pulls?state=all")).toHaveLength(1);
    expect(await circle.commits()).toEqual([]);
  });
});

test.concurrent("two processes share the store: what the one that reacts cuts, the one that serves obeys", async () => {
  await using circle = await startCircle(servingTree({ fraud: { ...fraud, spec: { slo: { minRequests: 20 } } } }));
  const own = (name: string) => ({ MMSP_DATA: circle.dataDir, MMSP_ROLES: name });
  await using serve = await circle.start({ ...own("serve"), GITHUB_TOKEN: "" });
  expect(await versionAt(serve)).toBe("2");
  expect((await sendAlert(serve)).status).toBe(403);
  await using react = await circle.start(own("react"));
  // The commit is held, so that only the store can tell the other process.
  const held = circle.line.hold("before", ({ body }) => body.includes("createCommitOnBranch"));
  const answer = sendAlert(react);
  await held;
  const patience = Date.now() + 15_000;
  while ((await versionAt(serve)) === "2" && Date.now() < patience) await Bun.sleep(20);
  expect(await versionAt(serve)).toBe("1");
  expect((await answer).json()["results"]).toMatchObject([{ decision: "cut", commit: null }]);

  // The other one ends the cut as soon as git agrees; this one must not take that for a return of the version.
  await react.kill();
  await using again = await circle.start(own("react"));
  await again.logged("git agrees: the cut is over");
  const statusOf = async () =>
    (await (await fetch(`${serve.url}/status`)).json()) as { cuts: unknown[]; revision: string };
  const commit = await runGit(circle.forge.gitDir, ["rev-parse", "main"]);
  const seen = new Set<string | null>();
  for (let status = await statusOf(); status.revision !== commit && Date.now() < patience; status = await statusOf()) {
    seen.add(await versionAt(serve));
  }
  seen.add(await versionAt(serve));
  expect([...seen]).toEqual(["1"]);
  expect(await statusOf()).toMatchObject({ revision: commit, cuts: [] });
});

test.concurrent("where a directory is followed, the rollback is an edit of its files", async () => {
  using folder = temporaryFolder(servingTree({ fraud }));
  await using gateway = await startGatewayProcess({
    MMSP_ENV: "dev",
    MMSP_DIR: folder.path,
    MMSP_ALERTS_TOKEN: alertsToken,
  });
  await versionAt(gateway);
  expect((await sendAlert(gateway)).json()["results"]).toMatchObject([{ decision: "cut", commit: null }]);
  await gateway.logged("git agrees: the cut is over");
  const text = await Bun.file(`${folder.path}/${paths.deployment("dev", "fraud")}`).text();
  expect(text).toContain("rejected:");
  expect(text).not.toContain("canary:\n");
  expect(await versionAt(gateway)).toBe("1");
});

describe("SIGTERM", () => {
  test.concurrent("while requests run fails none of them, and ends with 0", async () => {
    await using gateway = await startSlow();
    const replies = Array.from({ length: 8 }, () => predictAt(gateway.process, good));
    // The others wait behind the first one by then.
    await Promise.race(replies);
    const ended = gateway.process.terminate();
    expect((await Promise.all(replies)).map(({ status }) => status)).toEqual(Array(8).fill(200));
    expect(await ended).toBe(0);
  });

  test.concurrent("waits for no connection on which nothing was ever asked", async () => {
    using folder = temporaryFolder(servingTree({ fraud: { versions: { 1: linearModel() } } }));
    await using gateway = await startGatewayProcess({ MMSP_ENV: "dev", MMSP_DIR: folder.path });
    const { hostname, port } = new URL(gateway.url);
    await Bun.connect({ hostname, port: Number(port), socket: { data() {} } });
    const connectedAt = performance.now();
    const ended = gateway.terminate();
    await gateway.logged("stopping");
    // Somebody who never rests.
    const isAnswered = (): Promise<boolean> =>
      predictAt(gateway, good).then(
        () => true,
        () => false,
      );
    while (await isAnswered());
    expect(await ended).toBe(0);
    // Left alone, Bun closes it after 12 seconds.
    expect(performance.now() - connectedAt).toBeLessThan(11_500);
  });

  test.concurrent("under load sends clients away: ready no more, and each connection closed with its answer", async () => {
    using folder = temporaryFolder(servingTree({ fraud: { versions: { 1: linearModel() } } }));
    await using gateway = await startGatewayProcess({ MMSP_ENV: "dev", MMSP_DIR: folder.path });
    const seen: string[] = [];
    let ended: Promise<number> | null = null;
    // Clients that never rest, on connections that they keep.
    const clients = Array.from({ length: 8 }, async () => {
      for (;;) {
        const wasBefore = ended === null;
        const reply = await predictAt(gateway, good).catch(() => null);
        if (reply === null) return wasBefore ? seen.push("lost") : 0;
        seen.push(`${reply.status} ${reply.headers.get("connection") ?? "kept"}`);
      }
    });
    while (seen.length < 200) await Bun.sleep(5);
    ended = gateway.terminate();
    await gateway.logged("stopping");
    const ready = await fetch(`${gateway.url}/health/ready`);
    expect([ready.status, await ready.json()]).toMatchObject([503, { ready: false }]);
    expect(await (await fetch(`${gateway.url}/health`)).json()).toMatchObject({ status: "stopping" });
    expect(await ended).toBe(0);
    await Promise.all(clients);
    expect([...new Set(seen)].toSorted()).toEqual(["200 close", "200 kept"]);
  });

  test.concurrent("while a commit hangs does not wait for it for long", async () => {
    await using circle: Circle = await startCircle(servingTree({ fraud }));
    await using gateway = await circle.start();
    await versionAt(gateway);
    const held = circle.line.hold("before", ({ path }) => path === "/api/graphql");
    const answer = sendAlert(gateway).catch(() => null);
    await held;
    await answer;
    expect(await gateway.terminate()).toBe(0);
    await using second = await circle.start();
    await second.logged("git agrees: the cut is over");
    expect(await circle.commits()).toHaveLength(1);
  });
});

/** A gateway whose only model takes some ten milliseconds. */
async function startSlow() {
  const folder = temporaryFolder(servingTree({ fraud: { versions: { 1: slowModel({ rounds: 400 }) } } }));
  const process = await startGatewayProcess({ MMSP_ENV: "dev", MMSP_DIR: folder.path });
  return {
    process,
    async [Symbol.asyncDispose]() {
      await process[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}
