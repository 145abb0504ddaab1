import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { createArgoCd } from "../../../cli/gitops/edges/argocd/client.ts";
import { argocdToken, argoStatus, refused, startFakeArgoCd, type FakeArgoCd } from "../../support/argocd-fake.ts";
import { sampleFiles } from "./documents.ts";
import { follow as followIn } from "./follower.ts";
import { startHub, type Hub } from "./hub.ts";

const policy = "environments/dev/environment.yaml";
const folder = "environments/dev/models/fraud";
let hub: Hub;
let fake: FakeArgoCd;
let count = 0;

beforeAll(async () => {
  [hub, fake] = [await startHub(sampleFiles()), startFakeArgoCd()];
  await name(`argocd: "${fake.url}"`);
});
afterAll(async () => {
  fake[Symbol.dispose]();
  await hub[Symbol.asyncDispose]();
});
afterEach(() => {
  fake.applications.clear();
  fake.calls.length = 0;
  fake.compare = () => {};
  fake.hook = undefined;
});

/** Puts addresses into the environment. */
async function name(addresses: string): Promise<void> {
  const text = sampleFiles()[policy] ?? "";
  const named = text.replace("  backend: embedded", `  backend: embedded\n  addresses: {${addresses}}`);
  await hub.push("main", { [policy]: named });
}

/** A pull request as mmsp opens it; its number. */
async function open(): Promise<number> {
  count += 1;
  const branch = `mmsp/dev/fraud/deploy-${count}`;
  await hub.push(branch, { [`notes-${count}.txt`]: "new\n" });
  const pull = (await hub.api("POST", "/pulls", { title: "T", head: branch, base: "main" })) as { number: number };
  return pull.number;
}

const merge = (number: number) => hub.api("PUT", `/pulls/${number}/merge`, {});

const follow = (
  pull: number | null,
  happenings: readonly (() => unknown)[],
  more: Parameters<typeof followIn>[3] = {},
) =>
  followIn(hub, pull, happenings, {
    argocd: async (address) =>
      createArgoCd(address, { ARGOCD_AUTH_TOKEN: argocdToken }, { userAgent: "mmsp-test", timeoutMs: 2000 }),
    ...more,
  });

const onMain = (model: string) => follow(null, [], { environment: "dev", model, commit: "c".repeat(40) });

test("a merged change is followed through its sync until it is healthy, with one look at git asked for", async () => {
  const application = fake.add("whatever-they-call-it", folder);
  fake.add("dev-churn", "environments/dev/models/churn");
  const number = await open();
  let commit = "";
  fake.compare = (compared) => {
    compared.status = argoStatus("OutOfSync", "Healthy", commit);
  };
  const becomes = (sync: string, health: string) => () => {
    application.status = argoStatus(sync, health, commit);
  };
  const { end, told } = await follow(number, [
    async () => {
      await merge(number);
      commit = await hub.head("main");
    },
    becomes("Synced", "Progressing"),
    becomes("Synced", "Healthy"),
  ]);
  const arrived = { application: "whatever-they-call-it", sync: "Synced", health: "Healthy", revision: commit };
  expect(end).toEqual({ kind: "merged", commit, applied: [arrived], served: null });
  expect(told.slice(1)).toEqual([
    "merged; waiting for Argo CD to sync whatever-they-call-it (OutOfSync)",
    "merged; Argo CD has synced whatever-they-call-it, waiting for it to be healthy (Progressing)",
  ]);
  expect(fake.calls.filter(({ query }) => "refresh" in query)).toHaveLength(1);
  expect(fake.calls.filter(({ path }) => path.endsWith("/applications"))).toHaveLength(1);
});

test("the gateway is asked after Argo CD", async () => {
  await name(`argocd: "${fake.url}", gateway: "http://gateway.example"`);
  const application = fake.add("dev-fraud", folder);
  const asked: string[] = [];
  const models = [{ model: "fraud", stable: { version: 2 }, canary: null, guard: null }];
  const gateway = async () => {
    asked.push(JSON.stringify(application.status));
    return { environment: "dev", revision: "r", models, cuts: [], problems: [] };
  };
  const commit = "c".repeat(40);
  fake.compare = (compared) => {
    compared.status = argoStatus("OutOfSync", "Healthy", commit);
  };
  const synced = () => {
    application.status = argoStatus("Synced", "Healthy", commit);
  };
  const { end } = await follow(null, [synced], { environment: "dev", model: "fraud", commit, gateway });
  expect(end).toMatchObject({ applied: [{ revision: commit }], served: { says: "version 2" } });
  expect(asked).toEqual([JSON.stringify(argoStatus("Synced", "Healthy", commit))]);
  await name(`argocd: "${fake.url}"`);
});

test("a folder that goes to two clusters is applied when it is in both", async () => {
  const commit = "c".repeat(40);
  fake.add("fraud-eu", folder, argoStatus("Synced", "Healthy", commit));
  const us = fake.add("fraud-us", folder, argoStatus("Synced", "Progressing", commit));
  const healthy = () => {
    us.status = argoStatus("Synced", "Healthy", commit);
  };
  const { end, told } = await follow(null, [healthy], { environment: "dev", model: "fraud", commit });
  expect(end).toMatchObject({ applied: [{ application: "fraud-eu" }, { application: "fraud-us" }] });
  expect(told).toEqual([
    "merged; Argo CD has synced fraud-us, waiting for it to be healthy (Progressing) (1 of 2 done)",
  ]);
});

test("a sync that fails ends the waiting, and the commit is told all the same", async () => {
  const number = await open();
  fake.add("dev-fraud", folder);
  let commit = "";
  fake.compare = (compared) => {
    const failed = { phase: "Failed", message: "ModelDeployment is invalid", syncResult: { revision: commit } };
    compared.status = argoStatus("OutOfSync", "Healthy", commit, { operationState: failed });
  };
  const { end } = await follow(number, [
    async () => {
      await merge(number);
      commit = await hub.head("main");
    },
  ]);
  expect(end).toMatchObject({
    kind: "stopped",
    commit,
    problem: { code: "argocd-sync-failed", message: expect.stringContaining("ModelDeployment is invalid") },
  });
});

test("what a person has to mend about Argo CD ends the waiting as well: the change is merged", async () => {
  fake.hook = () => refused(403, 7, "permission denied");
  const { end } = await onMain("fraud");
  expect(end).toMatchObject({ kind: "stopped", commit: "c".repeat(40), problem: { code: "argocd-forbidden" } });
});

test("a server that is away for a while, or hangs, is waited for and told", async () => {
  const commit = "c".repeat(40);
  fake.add("dev-fraud", folder, argoStatus("Synced", "Healthy", commit));
  const answers = [new Response("", { status: 502 }), new Promise<Response>(() => {})];
  fake.hook = () => answers.shift();
  const argocd = async (address: string) =>
    createArgoCd(address, { ARGOCD_AUTH_TOKEN: argocdToken }, { userAgent: "mmsp-test", timeoutMs: 100 });
  const { end, told } = await follow(null, [], { environment: "dev", model: "fraud", commit, argocd });
  expect(end).toMatchObject({ applied: [{ application: "dev-fraud" }] });
  const { host } = new URL(fake.url);
  expect(told).toEqual([
    `merged; Argo CD at ${host} answers with 502`,
    `merged; Argo CD at ${host} cannot be reached: it did not answer in time`,
  ]);
});

test("a look at git that takes longer than a call is waited for, not asked for again", async () => {
  const commit = "c".repeat(40);
  const application = fake.add("dev-fraud", folder);
  application.metadata.annotations = { "argocd.argoproj.io/refresh": "normal" };
  fake.hook = ({ query }) =>
    "refresh" in query ? refused(500, 2, "application refresh deadline exceeded") : undefined;
  const compared = () => {
    application.metadata.annotations = {};
    application.status = argoStatus("Synced", "Healthy", commit);
  };
  const { end, told } = await follow(null, [() => {}, compared], { environment: "dev", model: "fraud", commit });
  expect(end).toMatchObject({ applied: [{ revision: commit }] });
  expect(told.at(-1)).toBe("merged; waiting for Argo CD to look at git");
  expect(fake.calls.filter(({ query }) => "refresh" in query)).toHaveLength(1);
});

test("an application that an ApplicationSet has yet to make is waited for; one that never comes is told", async () => {
  const commit = "c".repeat(40);
  const made = () => fake.add("dev-fraud", folder, argoStatus("Synced", "Healthy", commit));
  const late = await follow(null, [() => {}, made], { environment: "dev", model: "fraud", commit });
  expect(late.end).toMatchObject({ applied: [{ application: "dev-fraud" }] });
  fake.applications.clear();
  const { end, waits } = await onMain("fraud");
  expect(end).toMatchObject({ kind: "stopped", problem: { code: "argocd-application-missing" } });
  expect(waits.reduce((sum, one) => sum + one, 0)).toBeLessThan(6 * 60_000);
});

test("one that is made anew while it is followed is found again", async () => {
  const commit = "c".repeat(40);
  fake.add("old", folder, argoStatus("OutOfSync", "Healthy", commit));
  const renamed = () => {
    fake.applications.clear();
    fake.add("new", folder, argoStatus("Synced", "Healthy", commit));
  };
  const { end } = await follow(null, [renamed], { environment: "dev", model: "fraud", commit });
  expect(end).toMatchObject({ applied: [{ application: "new" }] });
});

test("the time is over for Argo CD, too, with how to go on", async () => {
  const number = await open();
  await merge(number);
  fake.add("dev-fraud", folder, argoStatus("OutOfSync", "Healthy", await hub.head("main")));
  const { end } = await follow(number, [], { timeoutMs: 60_000 });
  expect(end).toMatchObject({
    kind: "stopped",
    problem: {
      code: "wait-timeout",
      message: "after 1 min merged; waiting for Argo CD to sync dev-fraud (OutOfSync)",
      hint: expect.stringContaining(`\`mmsp wait ${number}\``),
    },
  });
});

test("nothing is awaited of a model that is served nowhere", async () => {
  const { end } = await onMain("churn");
  expect(end).toMatchObject({ kind: "merged", applied: null });
  expect(fake.calls).toEqual([]);
});

test("a deployment that cannot be read is applied by nobody, and no reason to stop looking", async () => {
  const path = `${folder}/deployment.yaml`;
  const before = await hub.show("main", path);
  await hub.push("main", { [path]: "kind: nothing of the kind\n" });
  const failed = { phase: "Failed", message: "refused", syncResult: { revision: "c".repeat(40) } };
  fake.add("dev-fraud", folder, argoStatus("OutOfSync", "Healthy", "c".repeat(40), { operationState: failed }));
  const { end } = await onMain("fraud");
  expect(end).toMatchObject({ kind: "stopped", problem: { code: "argocd-sync-failed" } });
  await hub.push("main", { [path]: `${before}\n` });
});
