import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { applyDocuments } from "../../cli/gitops/core/apply-change.ts";
import { standingOfCut, underCuts } from "../../schemas/cut.ts";
import { decide, type ServingView } from "../../cli/gitops/core/decide.ts";
import { plan } from "../../cli/gitops/core/plan.ts";
import type { Cut } from "../../schemas/cut.ts";
import type { ModelDeployment } from "../../schemas/model-deployment.ts";
import { effective } from "../../schemas/effective.ts";
import { checkTree } from "../../schemas/rules.ts";
import { anyDeployment } from "../support/arbitraries.ts";
import { aCut, aDeployment, aRejection, aState, aTree, aVersion, now, rollback } from "../support/builders.ts";

describe("a cut against a document", () => {
  const merged = aDeployment({ stable: 3, spec: { previous: [2, 1], rejected: [aRejection(3)] } });
  test.each([
    ["its canary", aCut(), aDeployment({ canary: 2 }), "open canary 6"],
    ["its canary in an earlier attempt", aCut({ attempt: 7 }), aDeployment({ canary: 2 }), "open canary 6"],
    ["its canary in a later attempt", aCut({ attempt: 5 }), aDeployment({ canary: 2 }), "over newer-attempt"],
    ["a canary, where it has no number", aCut({ attempt: null }), aDeployment({ canary: 2 }), "over newer-attempt"],
    ["its stable version", aCut({ attempt: 5 }), aDeployment({ stable: 2 }), "open stable 5"],
    ["its stable version, later", aCut({ attempt: 4 }), aDeployment({ stable: 2 }), "over newer-attempt"],
    ["a stable version, where it has no number", aCut({ attempt: null }), aDeployment({ stable: 2 }), "open stable 5"],
    ["a version that took over", aCut({ attempt: 1 }), merged, "open stable null"],
    ["a version that waits", aCut({ version: 1 }), merged, "open previous null"],
    ["a rejected version", aCut({ version: 3 }), merged, "over rejected"],
    ["a version that is not there", aCut({ version: 9 }), merged, "over not-served"],
    ["no document", aCut(), null, "over not-served"],
  ])("%s", (_, cut, deployment, expected) => {
    const standing = standingOfCut(cut, deployment);
    expect(standing.kind === "open" ? `open ${standing.place} ${standing.attempt}` : `over ${standing.because}`).toBe(
      expected,
    );
  });
});

describe("automatic rollback of any document", () => {
  const view = (deployment: ModelDeployment, cuts: readonly Cut[]): ServingView => ({
    environment: "staging",
    deployment,
    cuts,
    firstServed: () => null,
    requests: () => 100,
    minRequests: 20,
    stableRollbacks: [],
    now,
  });
  const accuse = (version: number) => ({
    by: "guard" as const,
    model: "fraud",
    version,
    environment: "staging",
    action: null,
    status: "firing" as const,
    startsAt: null,
    reason: "errors",
    evidence: {},
  });
  const anyMerged = fc
    .tuple(anyDeployment, fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 3 }))
    .map(([deployment, bad]) => ({
      ...deployment,
      spec: { ...deployment.spec, rejected: bad.map((version) => aRejection(version)) },
    }));

  test("never acts twice for one cut, and never when nothing would be left", () => {
    fc.assert(
      fc.property(anyMerged, fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 12 }), (deployment, accused) => {
        const cuts: Cut[] = [];
        for (const version of accused) {
          const decision = decide(accuse(version), view(deployment, cuts));
          if (decision.kind !== "act") continue;
          expect(cuts.some((cut) => cut.version === version)).toBe(false);
          cuts.push(decision.cut);
          expect(decide(accuse(version), view(deployment, cuts))).toMatchObject({ code: "already-cut" });
          expect(effective(underCuts(deployment, cuts)).stable).not.toBeNull();
        }
      }),
      { numRuns: 500 },
    );
  });

  test("every cut ends in git: one commit, by which all rules hold, and then none", () => {
    fc.assert(
      fc.property(anyMerged, fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 12 }), (deployment, accused) => {
        const cuts: Cut[] = [];
        for (const version of accused) {
          const decision = decide(accuse(version), view(deployment, cuts));
          if (decision.kind === "act") cuts.push(decision.cut);
        }
        const served = effective(underCuts(deployment, cuts));
        let tree = aTree({
          versions: [1, 2, 3, 4, 5].map((version) => aVersion("fraud", version)),
          deployments: { staging: [deployment] },
        });
        for (const cut of cuts) {
          const made = plan(rollback({ by: "guard", reason: cut.reason, cut }), aState(tree));
          if (made.kind !== "change") throw new Error(JSON.stringify(made));
          tree = applyDocuments(tree, made);
          expect(checkTree(tree)).toEqual([]);
          expect(standingOfCut(cut, tree.deployments.get("staging")!.get("fraud")!).kind).toBe("over");
          expect(plan(rollback({ cut }), aState(tree)).kind).toBe("skip");
        }
        const written = effective(tree.deployments.get("staging")!.get("fraud")!);
        expect([written.stable?.version, written.canary?.version]).toEqual([
          served.stable?.version,
          served.canary?.version,
        ]);
      }),
      { numRuns: 500 },
    );
  });
});
