import { expect, test } from "bun:test";
import { judgeServing } from "../../../../cli/gitops/core/follow-serving.ts";
import type { GatewayStatus } from "../../../../cli/gitops/core/gateway-status.ts";
import { aDeployment, aRejection } from "../../../support/builders.ts";

const at = "2026-11-21T08:00:00Z";
const canary = { version: 3, attempt: 6, since: at, weight: 10 };
const deployment = aDeployment({ spec: { stable: { version: 2, attempt: 5, since: at }, canary } });
const expected = { environment: "dev", model: "fraud", deployment };

function gateway(more: Partial<GatewayStatus> = {}): GatewayStatus {
  const models = [{ model: "fraud", stable: { version: 2 }, canary: { version: 3, weight: 10 }, guard: null }];
  return { environment: "dev", revision: "abc", models, cuts: [], problems: [], ...more };
}

test("a gateway that serves what git says has arrived, and says what it serves", () => {
  expect(judgeServing(expected, gateway())).toEqual({
    kind: "arrived",
    says: "version 2, version 3 as a canary at 10 %",
  });
});

test.each([
  ["another stable version", { stable: { version: 1 }, canary: { version: 3, weight: 10 } }],
  ["another share", { stable: { version: 2 }, canary: { version: 3, weight: 50 } }],
  ["no canary yet", { stable: { version: 2 }, canary: null }],
  ["nothing", { stable: null, canary: null }],
])("one that serves %s is waited for", (_, serving) => {
  expect(judgeServing(expected, gateway({ models: [{ model: "fraud", guard: null, ...serving }] }))).toEqual({
    kind: "wait",
    says: "merged; waiting for the gateway to serve it",
  });
});

test("what counts is the effective document: a rejected version is not waited for", () => {
  const rejected = aDeployment({ spec: { ...deployment.spec, rejected: [aRejection(3)] } });
  const models = [{ model: "fraud", stable: { version: 2 }, canary: null, guard: null }];
  expect(judgeServing({ ...expected, deployment: rejected }, gateway({ models }))).toEqual({
    kind: "arrived",
    says: "version 2",
  });
});

test("a model that git serves no more is gone from the gateway", () => {
  expect(judgeServing({ ...expected, deployment: null }, gateway())).toMatchObject({ kind: "wait" });
  expect(judgeServing({ ...expected, deployment: null }, gateway({ models: [] }))).toMatchObject({ kind: "arrived" });
});

test("a gateway that has taken the canary out again ends the waiting with its reason", () => {
  const cut = { model: "fraud", version: 3, attempt: 6, by: "alert", reason: "ErrorRateHigh" };
  const step = judgeServing(expected, gateway({ cuts: [cut] }));
  expect(step).toMatchObject({ kind: "stop", problem: { code: "version-cut" } });
  expect(JSON.stringify(step)).toContain("ErrorRateHigh");
});

test("the cut of an earlier attempt does not", () => {
  const cut = { model: "fraud", version: 3, attempt: 4, by: "alert", reason: "ErrorRateHigh" };
  expect(judgeServing(expected, gateway({ cuts: [cut] }))).toMatchObject({ kind: "arrived" });
});

test("a gateway of another environment is told, one that is away is waited for", () => {
  expect(judgeServing(expected, gateway({ environment: "prod" }))).toMatchObject({
    kind: "stop",
    problem: { code: "gateway-elsewhere" },
  });
  expect(judgeServing(expected, null)).toEqual({ kind: "wait", says: "merged; the gateway does not answer" });
});

test("what the gateway says of the model's files is passed on", () => {
  const file = "environments/registry/fraud/3/model-version.yaml";
  const problem = { code: "artifact", file, message: "cannot be loaded", hint: "register it again" };
  const other = { ...problem, file: "environments/dev/models/churn/deployment.yaml" };
  const models = [{ model: "fraud", stable: { version: 2 }, canary: null, guard: null }];
  expect(judgeServing(expected, gateway({ models, problems: [other, problem] }))).toEqual({
    kind: "wait",
    says: `merged; the gateway cannot serve it yet: ${file}: cannot be loaded`,
  });
});
