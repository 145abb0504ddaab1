import { expect, test } from "bun:test";
import { standingOfCut } from "../../schemas/cut.ts";
import type { ModelDeployment } from "../../schemas/model-deployment.ts";
import { cutOf } from "../support/cuts.ts";
import { deploymentOf, rolledBack } from "../support/deployments.ts";

const since = "2026-11-21T08:00:00Z";
const { canary: _, ...withoutCanary } = deploymentOf().spec;
const without: ModelDeployment = { ...deploymentOf(), spec: withoutCanary };
const stableThree = (attempt: number): ModelDeployment => ({
  ...without,
  spec: { ...withoutCanary, stable: { version: 3, attempt, since } },
});
const takenOver: ModelDeployment = {
  ...without,
  spec: {
    ...withoutCanary,
    previous: [3],
    rejected: [{ version: 2, attempt: 5, at: since, phase: "stable", by: "alert", reason: "bad" }],
  },
};

const cases: readonly (readonly [string, { attempt: number | null }, ModelDeployment | null, boolean])[] = [
  ["the model is gone", { attempt: 6 }, null, true],
  ["the branch rejects the version", { attempt: 6 }, rolledBack(), true],
  ["nothing changed: the canary of that attempt", { attempt: 6 }, deploymentOf(), false],
  ["the branch serves the version to nobody", { attempt: 6 }, without, true],
  ["a later attempt of the canary", { attempt: 5 }, deploymentOf(), true],
  ["an earlier attempt, which a revert brings back", { attempt: 7 }, deploymentOf(), false],
  ["promoted in that attempt by a pull request planned before", { attempt: 6 }, stableThree(6), false],
  ["stable in a later attempt", { attempt: 6 }, stableThree(8), true],
  ["stable, cut while no attempt was known", { attempt: null }, stableThree(8), false],
  ["taken over as stable, of which the document names no attempt", { attempt: 6 }, takenOver, false],
  ["a canary, cut as a stable version without an attempt", { attempt: null }, deploymentOf(), true],
  ["waiting among previous", { attempt: 6 }, { ...without, spec: { ...withoutCanary, previous: [3] } }, false],
  [
    "only a shadow",
    { attempt: 6 },
    { ...without, spec: { ...withoutCanary, shadow: { version: 3, percent: 5 } } },
    true,
  ],
];

test.each(cases)("whether a cut is over: %s", (_, attempt, deployment, over) => {
  expect(standingOfCut(cutOf(attempt), deployment).kind).toBe(over ? "over" : "open");
});
