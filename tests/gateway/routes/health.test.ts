import { describe, expect, test } from "bun:test";
import { healthOf } from "../../../gateway/core/health.ts";
import { paths } from "../../../schemas/tree.ts";
import { aCut } from "../../support/builders.ts";
import { startRig } from "../../support/gateway-rig.ts";
import { failingModel, linearModel } from "../../support/models.ts";
import { deploymentFiles, servingTree } from "../../support/serving-tree.ts";

const fraud = { versions: { 1: linearModel(), 2: failingModel() }, canary: 2, weight: 100 };
const spam = { versions: { 1: linearModel({ bias: [1, 0] }) } };

describe("health", () => {
  test("a gateway with one model names it and its version", async () => {
    await using rig = await startRig(servingTree({ fraud }));
    const reply = await rig.get("/health");
    expect(reply.status).toBe(200);
    const uptime_seconds: unknown = expect.any(Number);
    const model = { model_name: "fraud", model_version: "1", model_loaded: true };
    expect(reply.json()).toEqual({ status: "ok", ...model, uptime_seconds });
    for (const path of ["/health/ready", "/ready"]) {
      expect((await rig.get(path)).json()).toEqual({ ready: true, uptime_seconds });
    }
    for (const path of ["/health/live", "/healthz"]) {
      expect((await rig.get(path)).json()).toEqual({ live: true, uptime_seconds });
    }
  });

  test("a gateway that could not read its source lives, but is not ready", async () => {
    await using rig = await startRig({ "README.md": "no environments here" });
    for (const path of ["/health/live", "/healthz", "/v2/health/live"]) expect((await rig.get(path)).status).toBe(200);
    for (const path of ["/health", "/health/ready", "/ready", "/v2/health/ready"])
      expect((await rig.get(path)).status).toBe(503);
    expect((await rig.get("/health")).json()).toMatchObject({ status: "starting", model_loaded: false });
  });

  test("a gateway whose only model cannot be loaded is not ready, and says how many problems there are", async () => {
    await using rig = await startRig(servingTree({ fraud: { versions: { 1: new TextEncoder().encode("no model") } } }));
    for (const path of ["/health", "/health/ready", "/v2/health/ready"]) expect((await rig.get(path)).status).toBe(503);
    expect((await rig.get("/health")).json()).toMatchObject({ status: "degraded", problems: 1, model_loaded: false });
  });

  test("so is one whose only document cannot be read; requests are told that it is not their mistake", async () => {
    await using rig = await startRig(servingTree({ fraud }));
    await using broken = await startRig({ ...servingTree({ fraud }), [paths.deployment("dev", "fraud")]: "spec: [" });
    for (const path of ["/health", "/health/ready"]) expect((await broken.get(path)).status).toBe(503);
    for (const body of [{ instances: [[1, 2, 3]] }, { model: "fraud", instances: [[1, 2, 3]] }]) {
      const reply = await broken.post("/predict", body);
      expect([reply.status, reply.json()["code"]]).toEqual([503, "model-not-ready"]);
      expect((await rig.post("/predict", body)).status).toBe(200);
    }
    expect((await broken.post("/predict", { model: "churn", instances: [[1]] })).status).toBe(404);
  });

  test("one model that cannot be loaded takes no traffic away from the others", async () => {
    const broken = { versions: { 1: new TextEncoder().encode("no model") } };
    await using rig = await startRig(servingTree({ spam, broken }));
    for (const path of ["/health", "/health/ready", "/v2/health/ready"]) expect((await rig.get(path)).status).toBe(200);
    expect((await rig.get("/health")).json()).toMatchObject({ status: "degraded", problems: 1 });
  });

  test("a last good state that is served on is ready, and degraded", async () => {
    await using rig = await startRig(servingTree({ fraud }));
    rig.put(paths.deployment("dev", "fraud"), "spec: {stable: {version: one}}\n");
    await rig.reload();
    expect((await rig.get("/health/ready")).status).toBe(200);
    expect((await rig.get("/health")).json()).toMatchObject({ status: "degraded", model_loaded: true });
  });

  test("a gateway that still loads a model at its start is not ready, and one of which nothing is asked for is", async () => {
    await using empty = await startRig(servingTree({}));
    expect((await empty.get("/health")).json()).toMatchObject({ status: "ok" });
    const table = {
      revision: "1",
      environment: "dev",
      policy: null,
      models: new Map(),
      unserved: new Set(["a"]),
      problems: [],
    };
    expect(healthOf(table, 1)).toEqual({ isReady: false, status: "starting", problems: 0 });
  });
});

describe("status", () => {
  test("tells what is served, what is loaded, what is cut, and what is wrong", async () => {
    await using rig = await startRig(servingTree({ fraud }));
    rig.store.put(aCut({ environment: "dev", reason: "one in three fails" }));
    rig.put(paths.deployment("dev", "spam"), "not: [yaml");
    await rig.reload();
    const status = (await rig.get("/status")).json();
    expect(status).toMatchObject({
      environment: "dev",
      alerts: true,
      models: [
        {
          model: "fraud",
          stable: { version: 1, attempt: 5 },
          canary: null,
          loaded: [{ version: 1, place: "inline" }],
          closed: [{ version: 2, reason: expect.stringMatching(/taken out by guard at .*: one in three fails/) }],
        },
      ],
      cuts: [{ model: "fraud", version: 2, state: { kind: "open" }, lastError: null }],
      problems: [{ file: paths.deployment("dev", "spam") }, { file: paths.deploymentKustomization("dev", "spam") }],
    });
  });

  test("holds no secrets", async () => {
    await using rig = await startRig(servingTree({ fraud }));
    expect((await rig.get("/status")).text).not.toContain("alerts-token");
  });
});

describe("reload", () => {
  test("takes what the source says now", async () => {
    await using rig = await startRig(servingTree({ fraud }));
    for (const [path, text] of Object.entries(deploymentFiles("fraud", { spec: {} }))) rig.put(path, text);
    const reply = await rig.send("/reload", { method: "POST" });
    expect(reply.status).toBe(200);
    expect(reply.json()).toEqual({ revision: expect.any(String), problems: [] });
    expect((await rig.get("/status")).json()["models"]).toMatchObject([{ canary: null }]);
  });

  test("of a broken document keeps the last good state and tells the problem", async () => {
    await using rig = await startRig(servingTree({ fraud }));
    rig.put(paths.deployment("dev", "fraud"), "spec: {stable: {version: one}}\n");
    const reply = await rig.send("/reload", { method: "POST" });
    expect(reply.json()["problems"]).toContainEqual(
      expect.objectContaining({ file: paths.deployment("dev", "fraud") }),
    );
    expect((await rig.post("/predict", { instances: [[1, 2, 3]] })).status).toBe(200);
    expect((await rig.metric("gateway_source_problems"))[""]).toBeGreaterThan(0);
  });
});

describe("metrics", () => {
  test("attempts are counted at versions, replies at what clients got", async () => {
    await using rig = await startRig(servingTree({ fraud, spam }));
    // The canary answers, then fails and stable answers, then a caller names the version that fails.
    await rig.post("/predict", { model: "fraud", instances: [[1, 2, 3]] });
    await rig.post("/predict", { model: "fraud", instances: [[11, 2, 3]] });
    const input = { name: "input", datatype: "FP32", shape: [1, 3], data: [11, 2, 3] };
    await rig.post("/v2/models/fraud/versions/2/infer", { inputs: [input] });
    await rig.post("/predict", { model: "spam", instances: [[1, 2, 3]] });
    await rig.post("/predict", { model: "spam", instances: [[1]] });
    await rig.post("/predict", { instances: [[1]] });
    await rig.post("/v2/models/made-up/infer", { inputs: [input] });
    await rig.get("/predict");

    const attempts = {
      '{model="fraud",version="2",phase="canary"}': 2,
      '{model="fraud",version="1",phase="stable"}': 1,
      '{model="fraud",version="2",phase="explicit"}': 1,
      '{model="spam",version="1",phase="stable"}': 2,
    };
    expect(await rig.metric("gateway_request_total")).toEqual(attempts);
    expect(await rig.metric("gateway_latency_seconds_count")).toEqual(attempts);
    expect(await rig.metric("gateway_request_errors_total")).toEqual({
      '{model="fraud",version="2",phase="canary"}': 1,
      '{model="fraud",version="2",phase="explicit"}': 1,
    });
    expect(await rig.metric("gateway_fallback_total")).toEqual({ '{model="fraud",version="2",reason="error"}': 1 });
    expect(await rig.metric("gateway_reply_total")).toEqual({
      '{model="fraud",code="200"}': 2,
      '{model="fraud",code="500"}': 1,
      '{model="spam",code="200"}': 1,
      '{model="spam",code="400"}': 1,
      '{model="",code="400"}': 1,
      '{model="",code="404"}': 1,
    });
    expect(await rig.metric("model_predictions_total")).toEqual({
      '{model_name="fraud",model_version="2"}': 3,
      '{model_name="fraud",model_version="1"}': 1,
      '{model_name="spam",model_version="1"}': 2,
    });
    expect(await rig.metric("model_prediction_latency_seconds_count")).toHaveProperty(
      ['{model_name="fraud",model_version="2"}'],
      3,
    );
    expect(await rig.metric("model_prediction_errors_total")).toEqual({ '{model_name="fraud",model_version="2"}': 2 });
  });

  test("gauges say what is served and cut now", async () => {
    await using rig = await startRig(servingTree({ fraud }));
    expect(await rig.metric("gateway_current_model_version")).toEqual({
      '{model="fraud",phase="stable"}': 1,
      '{model="fraud",phase="canary"}': 2,
    });
    expect(await rig.metric("model_loaded")).toEqual({
      '{model_name="fraud",model_version="1"}': 1,
      '{model_name="fraud",model_version="2"}': 1,
    });
    rig.store.put(aCut({ environment: "dev" }));
    await rig.reload();
    expect(await rig.metric("gateway_current_model_version")).toEqual({ '{model="fraud",phase="stable"}': 1 });
    expect(await rig.metric("gateway_cut")).toEqual({ '{model="fraud",version="2"}': 1 });
    expect(await rig.metric("gateway_source_problems")).toEqual({ "": 0 });
    expect((await rig.get("/metrics")).headers.get("content-type")).toStartWith("text/plain; version=0.0.4");
  });

  test("a single model's replies carry its name though nobody names it", async () => {
    await using rig = await startRig(servingTree({ fraud }));
    await rig.post("/predict", { instances: [[1, 2, 3]] });
    await rig.post("/predict", { instances: [] });
    expect(await rig.metric("gateway_reply_total")).toEqual({
      '{model="fraud",code="200"}': 1,
      '{model="fraud",code="400"}': 1,
    });
  });
});
