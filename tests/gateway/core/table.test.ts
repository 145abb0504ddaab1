import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { chooseVersion } from "../../../gateway/core/choose.ts";
import { standingOfCut } from "../../../schemas/cut.ts";
import { buildRoute, buildTable } from "../../../gateway/core/table.ts";
import type { Environment } from "../../../schemas/environment.ts";
import { cutOf, deploymentOf, loadedOf, since } from "../../support/fleet.ts";

const loaded = new Map([1, 2, 3, 4].map((version) => [version, loadedOf(version)]));
const rollout = deploymentOf({
  stable: { version: 3, attempt: 3, since },
  canary: { version: 4, attempt: 4, since, weight: 10 },
  previous: [2, 1],
});

const version = fc.integer({ min: 1, max: 4 });
const attempt = fc.integer({ min: 1, max: 6 });
const deployments = fc
  .record({
    stable: fc.record({ version, attempt }),
    canary: fc.option(fc.record({ version, attempt, weight: fc.integer({ min: 0, max: 100 }) })),
    previous: fc.uniqueArray(version, { maxLength: 3 }),
    rejected: fc.array(fc.record({ version, attempt }), { maxLength: 2 }),
  })
  .map(({ stable, canary, previous, rejected }) =>
    deploymentOf({
      stable: { ...stable, since },
      ...(canary === null ? {} : { canary: { ...canary, since } }),
      previous,
      rejected: rejected.map((entry) => ({ ...entry, at: since, phase: "canary", by: "guard", reason: "errors" })),
    }),
  );
const cuts = fc.array(
  fc.record({ version, attempt: fc.option(attempt) }).map((cut) => cutOf(cut)),
  { maxLength: 3 },
);

test("no version that is rejected, cut or missing is ever chosen", () => {
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  const inMemory = fc.uniqueArray(version);
  fc.assert(
    fc.property(
      deployments,
      cuts,
      inMemory,
      random,
      fc.option(version),
      (deployment, cuts, there, random, explicit) => {
        const loaded = new Map(there.map((version) => [version, loadedOf(version)]));
        const choice = chooseVersion(
          buildRoute(deployment, null, null, cuts, { loaded }),
          { explicit, sticky: null },
          random,
        );
        if (choice.kind === "none") return;
        const rejected = deployment.spec.rejected?.map((entry) => entry.version);
        const held = cuts
          .filter((cut) => cut.model === deployment.spec.model && standingOfCut(cut, deployment).kind === "open")
          .map((cut) => cut.version);
        expect([...(rejected ?? []), ...held]).not.toContain(choice.version);
        expect(there).toContain(choice.version);
      },
    ),
    { numRuns: 1000 },
  );
});

test("a cut canary gives all traffic to stable, a cut stable to the next of previous", () => {
  const canary = buildRoute(rollout, null, null, [cutOf({ version: 4, attempt: 4 })], { loaded });
  expect([canary.stable, canary.canary]).toEqual([{ version: 3, attempt: 3 }, null]);
  const stable = buildRoute(rollout, null, null, [cutOf({ version: 3, attempt: 3, phase: "stable" })], { loaded });
  expect(stable.stable).toEqual({ version: 2, attempt: null });
  expect(stable.canary).toEqual({ version: 4, attempt: 4, weight: 10 });
  expect([...stable.closed]).toEqual([[3, `version 3 of fraud was taken out by guard at ${since}: errors`]]);
});

test("a canary that is not loaded gets no traffic; a missing stable falls back to a previous one that is there", () => {
  const only = (...versions: number[]) =>
    buildRoute(rollout, null, null, [], { loaded: new Map(versions.map((version) => [version, loadedOf(version)])) });
  expect(only(3).canary).toBeNull();
  expect(only(1, 4).stable).toEqual({ version: 1, attempt: null });
  expect(only().stable).toEqual({ version: 3, attempt: 3 });
});

test("the deadline is the deployment's, else the environment's, else ten seconds", () => {
  const environment: Environment = {
    apiVersion: "mmsp.dev/v1alpha1",
    kind: "Environment",
    metadata: { name: "dev" },
    spec: { namespace: "dev", backend: "embedded", gateway: { timeoutMs: 500 } },
  };
  const own = deploymentOf({ serving: { timeoutMs: 20 } });
  expect(buildRoute(own, environment, null, [], { loaded }).timeoutMs).toBe(20);
  expect(buildRoute(rollout, environment, null, [], { loaded }).timeoutMs).toBe(500);
  expect(buildRoute(rollout, null, null, [], { loaded }).timeoutMs).toBe(10_000);
});

test("cuts of other environments and other models change nothing", () => {
  const others = [
    cutOf({ version: 4, attempt: 4, environment: "prod" }),
    cutOf({ version: 4, attempt: 4, model: "churn" }),
  ];
  const table = buildTable({
    revision: "r",
    environment: "dev",
    policy: null,
    project: null,
    models: new Map([["fraud", { deployment: rollout, loaded }]]),
    documented: ["fraud", "churn"],
    cuts: others,
    problems: [],
  });
  expect(table.models.get("fraud")?.canary).toEqual({ version: 4, attempt: 4, weight: 10 });
  expect(table.models.get("fraud")?.stickyHeader).toBeNull();
  expect(table.unserved).toEqual(new Set(["churn"]));
});
