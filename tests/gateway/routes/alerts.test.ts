import { describe, expect, test } from "bun:test";
import type { Cut } from "../../../schemas/cut.ts";
import { oneByOne } from "../../../gateway/react/one-by-one.ts";
import type { GatewayDeps } from "../../../gateway/parts.ts";
import { openCutStore } from "../../../gateway/edges/cut-store.ts";
import { alertOf, webhookOf, type AlertOptions } from "../../support/alerts.ts";
import { aRejection } from "../../support/builders.ts";
import { cutOf } from "../../support/cuts.ts";
import { alertsToken, startRig, type GatewayRig } from "../../support/gateway-rig.ts";
import { linearModel } from "../../support/models.ts";
import { servingTree, type ServedModel } from "../../support/serving-tree.ts";

const versions = { 1: linearModel(), 2: linearModel({ bias: [9, 0] }), 3: linearModel({ bias: [8, 0] }) };
const slo = { minRequests: 1 };
const authorization = { authorization: `Bearer ${alertsToken}` };

/** fraud with version 2 as a canary that takes all the traffic, and has had one request. */
async function rigWith(
  spec: ServedModel["spec"] = {},
  deps: Partial<GatewayDeps> = {},
): Promise<GatewayRig & { readonly commits: Cut[] }> {
  const commits: Cut[] = [];
  const commit = oneByOne((cut) => {
    commits.push(cut);
    return Promise.resolve({ kind: "committed", oid: `oid-${commits.length}`, url: null });
  });
  const fraud = { versions, canary: 2, weight: 100, spec: { slo, ...spec } };
  const rig = await startRig(servingTree({ fraud }), { commit, ...deps });
  await predict(rig);
  return Object.assign(rig, { commits });
}

const predict = (rig: GatewayRig) => rig.post("/predict", { instances: [[1, 2, 3]] });
const alert = (rig: GatewayRig, ...alerts: readonly AlertOptions[]) =>
  rig.post("/alerts", webhookOf(...alerts.map(alertOf)), authorization);

interface Result {
  readonly decision: string;
  readonly code: string;
  readonly reason: string;
  readonly commit: string | null;
}
const resultsOf = (reply: { json(): Record<string, unknown> }): readonly Result[] =>
  reply.json()["results"] as readonly Result[];

describe("the bearer token", () => {
  test.each([
    ["missing", {}],
    ["wrong", { authorization: "Bearer alerts-token-012345678x" }],
    ["of another length", { authorization: "Bearer x" }],
    ["of another scheme", { authorization: `Basic ${alertsToken}` }],
  ])("%s is refused, and nothing is cut", async (_, headers) => {
    await using rig = await rigWith();
    const reply = await rig.post("/alerts", webhookOf(alertOf()), headers);
    expect(reply.status).toBe(401);
    expect(reply.json()).toEqual({ error: "the bearer token is missing or wrong", code: "alerts-token" });
    expect(reply.headers.get("www-authenticate")).toBe("Bearer");
    expect(rig.store.list()).toEqual([]);
  });

  test("that is wrong a thousand times is logged once, and counted", async () => {
    await using rig = await rigWith();
    for (let nth = 0; nth < 3; nth++) await rig.post("/alerts", webhookOf(alertOf()), { authorization: "Bearer x" });
    await alert(rig, {});
    const told = rig.logged.filter(({ message }) => message === "an alert was refused");
    expect(told).toMatchObject([{ level: "warn", details: { code: "alerts-token", untold: 0 } }]);
    const metrics = (await rig.get("/metrics")).text;
    expect(metrics).toContain('gateway_alert_total{decision="refused"} 3');
    expect(metrics).toContain('gateway_alert_total{decision="cut"} 1');
  });

  test("where none is set, alerts are off and the reply says how to turn them on", async () => {
    await using rig = await rigWith({}, { alertsToken: null });
    const reply = await alert(rig, {});
    expect(reply.status).toBe(403);
    expect(reply.json()).toEqual({ error: expect.stringContaining("set MMSP_ALERTS_TOKEN"), code: "alerts-off" });
  });
});

describe("an alert that names a bad version", () => {
  test("cuts it at once and is answered with the commit", async () => {
    await using rig = await rigWith();
    expect((await predict(rig)).headers.get("x-mmsp-version")).toBe("2");
    const reply = await alert(rig, {});
    expect(reply.status).toBe(200);
    const reason = "ErrorRateHigh: one in three fails";
    expect(resultsOf(reply)).toEqual([
      expect.objectContaining({ model: "fraud", version: 2, decision: "cut", code: "cut", reason, commit: "oid-1" }),
    ]);
    expect((await predict(rig)).headers.get("x-mmsp-version")).toBe("1");
    const named = await rig.get("/v2/models/fraud/versions/2");
    expect(named.json()).toEqual({ error: expect.stringMatching(/taken out by alert at .*fails/) });
    expect(rig.commits).toMatchObject([{ version: 2, attempt: 6, phase: "canary", by: "alert", reason }]);
  });

  test("sent again makes no second commit, and is answered with the first", async () => {
    await using rig = await rigWith();
    await alert(rig, {});
    const reply = await alert(rig, {}, {});
    expect(resultsOf(reply)).toMatchObject([
      { decision: "ignored", code: "already-cut", commit: "oid-1" },
      { decision: "ignored", code: "already-cut", commit: "oid-1" },
    ]);
    expect(rig.commits).toHaveLength(1);
  });

  test("stands for itself: another one that is malformed is told, and this one acts", async () => {
    await using rig = await rigWith();
    const reply = await alert(rig, { labels: { version: "two" } }, {});
    expect(reply.status).toBe(200);
    expect(resultsOf(reply)).toMatchObject([
      { decision: "malformed", code: "alert-malformed", reason: expect.stringContaining("alerts[0].labels.version") },
      { decision: "cut", commit: "oid-1" },
    ]);
  });
});

describe("an alert is ignored with the reason", () => {
  const ignored: readonly (readonly [string, AlertOptions, ServedModel["spec"], string])[] = [
    ["when it is resolved", { status: "resolved" }, {}, "resolved"],
    ["when it is about an unknown model", { labels: { model: "spam" } }, {}, "model-unknown"],
    ["when its version gets no traffic", { labels: { version: "3" } }, {}, "not-served"],
    ["when it is about another environment", { labels: { environment: "prod" } }, {}, "other-environment"],
    ["when it asks for something else", { labels: { action: "scale" } }, {}, "other-action"],
    ["when automatic rollback is off", {}, { rollback: { automatic: false } }, "automatic-off"],
    ["when there is too little data", {}, { slo: { minRequests: 2 } }, "too-little-data"],
    ["when it is older than the version's service", { startsAt: "2026-01-01T00:00:00Z" }, {}, "alert-too-old"],
    ["when git rejects the version already", {}, { rejected: [aRejection(2)] }, "already-rejected"],
  ];
  test.each(ignored)("%s", async (_, options, spec, code) => {
    await using rig = await rigWith(spec);
    const reply = await alert(rig, options);
    expect(reply.status).toBe(200);
    expect(resultsOf(reply)).toMatchObject([{ decision: "ignored", code, reason: expect.stringMatching(/\w+ \w+/) }]);
    expect(rig.commits).toEqual([]);
    expect(rig.store.list()).toEqual([]);
  });

  test("when nothing would be left to serve, and a person is told", async () => {
    await using alone = await startRig(servingTree({ fraud: { versions, spec: { slo } } }));
    await predict(alone);
    const reply = await alert(alone, { labels: { version: "1" } });
    expect(resultsOf(reply)).toMatchObject([{ decision: "told", code: "nothing-left" }]);
    expect((await predict(alone)).status).toBe(200);
  });
});

describe("how much data there is", () => {
  const spec = { slo: { minRequests: 3 } };

  test("is counted anew for a new attempt at the same version", async () => {
    await using rig = await rigWith(spec);
    for (let sent = 1; sent < 3; sent++) await predict(rig);
    const again = {
      versions,
      spec: { ...spec, canary: { version: 2, attempt: 9, since: "2026-11-21T09:00:00Z", weight: 100 } },
    };
    for (const [path, text] of Object.entries(servingTree({ fraud: again }))) rig.put(path, text);
    await rig.reload();
    expect(resultsOf(await alert(rig, {}))).toMatchObject([{ code: "too-little-data" }]);
  });

  test("goes on counting when the weight changes", async () => {
    await using rig = await rigWith(spec);
    for (let sent = 1; sent < 3; sent++) await predict(rig);
    const canary = { version: 2, attempt: 6, since: "2026-11-20T09:12:00Z", weight: 50 };
    for (const [path, text] of Object.entries(servingTree({ fraud: { versions, spec: { ...spec, canary } } })))
      rig.put(path, text);
    await rig.reload();
    expect(resultsOf(await alert(rig, {}))).toMatchObject([{ decision: "cut" }]);
  });

  test("is not known of a version that was served before this gateway started, and excuses it no more", async () => {
    await using rig = await rigWith(spec, { clock: { now: () => Date.now() - 1000, after: () => () => {} } });
    const { store } = rig;
    await using restarted = await startRig(servingTree({ fraud: { versions, canary: 2, weight: 100, spec } }), {
      store,
    });
    expect(resultsOf(await alert(restarted, {}))).toMatchObject([{ decision: "cut" }]);
  });
});

describe("a restart while git does not have the rollback yet", () => {
  test.each([
    ["stable cannot be loaded at first", "store/"],
    ["the deployment cannot be read at first", "environments/dev/models/fraud/deployment.yaml"],
  ])("keeps the cut where %s", async (_, broken) => {
    const store = openCutStore(":memory:", "dev");
    store.put(cutOf({ environment: "dev", version: 2, attempt: 6 }));
    const whole = servingTree({ fraud: { versions, canary: 2, weight: 100, spec: { slo } } });
    const first = Object.keys(whole).find((path) => path.startsWith(broken) && whole[path] !== versions[2])!;
    const commits: Cut[] = [];
    const commit = oneByOne((cut) => {
      commits.push(cut);
      return Promise.resolve({ kind: "committed", oid: "oid", url: null });
    });
    await using rig = await startRig({ ...whole, [first]: "broken: [" }, { store, commit });
    expect((await predict(rig)).status).toBe(503);
    expect(store.list()).toHaveLength(1);
    rig.put(first, whole[first]!);
    await rig.reload();
    expect((await predict(rig)).headers.get("x-mmsp-version")).toBe("1");
    expect(commits).toMatchObject([{ version: 2 }]);
  });
});

describe("while the store of cuts is away", () => {
  test("the traffic moves and the commit goes, but the alert is not acknowledged until the cut is stored", async () => {
    await using rig = await rigWith();
    rig.store.broken = true;
    const first = await alert(rig, {});
    expect(first.status).toBe(503);
    expect(first.headers.get("retry-after")).toBe("1");
    expect(resultsOf(first)).toMatchObject([{ decision: "not-stored", code: "store-failed", commit: "oid-1" }]);
    expect((await predict(rig)).headers.get("x-mmsp-version")).toBe("1");

    const again = await alert(rig, {});
    expect(again.status).toBe(503);

    rig.store.broken = false;
    const last = await alert(rig, {});
    expect(last.status).toBe(200);
    expect(resultsOf(last)).toMatchObject([{ decision: "ignored", code: "already-cut", commit: "oid-1" }]);
    expect(rig.store.list()).toMatchObject([{ cut: { version: 2 } }]);
    expect(rig.commits).toHaveLength(1);
  });
});

test.each([
  ["no webhook", {}, /version must be "4".*send Alertmanager/],
  ["another version", { ...webhookOf(), version: "3" }, /version must be "4".*send Alertmanager/],
  ["alerts that are no list", { ...webhookOf(), alerts: {} }, /alerts/],
])("a body with %s is refused with what to send", async (_, body, says) => {
  await using rig = await rigWith();
  const reply = await rig.post("/alerts", body, authorization);
  expect(reply.status).toBe(400);
  expect(reply.json()).toEqual({ error: expect.stringMatching(says), code: "alert-malformed" });
});
