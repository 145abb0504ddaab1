import { describe, expect, test } from "bun:test";
import { durationMs, sloOf, stepsOf } from "../../schemas/defaults.ts";
import { aDeployment, anEnvironment, aProject } from "../support/builders.ts";

describe("defaults", () => {
  test("steps are the environment's, the project's, or 10, 50, 100", () => {
    expect(stepsOf(null, null)).toEqual([10, 50, 100]);
    expect(stepsOf(anEnvironment(), aProject({ defaults: { steps: [20] } }))).toEqual([20]);
    expect(stepsOf(anEnvironment("x", { steps: [5] }), aProject({ defaults: { steps: [20] } }))).toEqual([5]);
  });

  test("objectives come field by field from the deployment, the environment, the project", () => {
    const deployment = aDeployment({ spec: { slo: { errorRate: 0.5 } } });
    const environment = anEnvironment("x", { slo: { errorRate: 0.4, latencyP95Ms: 50 } });
    const project = aProject({ defaults: { slo: { latencyP95Ms: 99, drift: 0.3 } } });
    expect(sloOf(deployment, environment, project)).toEqual({
      errorRate: 0.5,
      latencyP95Ms: 50,
      drift: 0.3,
      minRequests: 20,
      windowSeconds: 60,
    });
  });

  test.each([
    ["90s", 90_000],
    ["15m", 900_000],
    ["72h", 259_200_000],
    ["7d", 604_800_000],
  ])("%s is %d ms", (text, milliseconds) => {
    expect(durationMs(text)).toBe(milliseconds);
  });
});
