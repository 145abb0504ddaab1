import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { applyDocuments } from "../../../../cli/gitops/core/apply-change.ts";
import type { Change, Command } from "../../../../cli/gitops/core/change.ts";
import { standingOfCut, underCuts } from "../../../../cli/gitops/core/cuts.ts";
import { decide, type ServingView } from "../../../../cli/gitops/core/decide.ts";
import { plan } from "../../../../cli/gitops/core/plan.ts";
import type { Cut } from "../../../../schemas/cut.ts";
import { validateModelDeployment } from "../../../../schemas/json/validators.js";
import { phases, type ModelDeployment } from "../../../../schemas/model-deployment.ts";
import { checkTree, effective, highestAttempt } from "../../../../schemas/rules.ts";
import type { Tree } from "../../../../schemas/tree.ts";
import {
  aCut,
  aDeployment,
  anEnvironment,
  aRejection,
  aState,
  aTree,
  aVersion,
  deploy,
  digest,
  now,
  promote,
  register,
  rollback,
} from "../../../support/builders.ts";
import { mergeStale, type OpenChange } from "../../../support/merges.ts";

const environments = ["staging", "prod"];
const anyEnvironment = fc.constantFrom(...environments);
const anyVersion = fc.integer({ min: 1, max: 6 });
const maybeVersion = fc.option(anyVersion, { freq: 2 });

/** A document in which every rule holds. */
const anyDeployment: fc.Arbitrary<ModelDeployment> = fc
  .record({
    order: fc.shuffledSubarray([1, 2, 3, 4, 5], { minLength: 5, maxLength: 5 }),
    previous: fc.integer({ min: 0, max: 3 }),
    rejected: fc.integer({ min: 0, max: 2 }),
    canary: fc.option(fc.integer({ min: 0, max: 100 })),
    shadow: fc.boolean(),
    attempts: fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 })),
  })
  .map(({ order, previous, rejected, canary, shadow, attempts }) => {
    const [stable = 1, second = 2, ...rest] = order;
    const deployment = aDeployment({
      stable,
      ...(canary === null ? {} : { canary: second, weight: canary }),
      spec: {
        previous: [...(canary === null ? [second] : []), ...rest].slice(0, Math.min(previous, 3 - rejected)),
        rejected: rest.slice(3 - rejected).map((version) => aRejection(version, { attempt: attempts[0] })),
        ...(shadow ? { shadow: { version: second, percent: 5 } } : {}),
      },
    });
    deployment.spec.stable.attempt = attempts[1];
    return deployment;
  });

const anyTree = fc
  .record({ staging: fc.option(anyDeployment), prod: fc.option(anyDeployment), own: fc.boolean() })
  .map(({ staging, prod, own }) =>
    aTree({
      environments: [anEnvironment("staging"), anEnvironment("prod", own ? { artifactStore: "s3://models" } : {})],
      versions: [1, 2, 3, 4, 5].map((version) => aVersion("fraud", version)),
      deployments: { ...(staging ? { staging: [staging] } : {}), ...(prod ? { prod: [prod] } : {}) },
    }),
  );

/** A command that fits some tree; cuts are made from the tree when the command runs. */
const anyCommand: fc.Arbitrary<Command> = fc.oneof(
  fc
    .record({ version: maybeVersion, seed: fc.nat({ max: 9 }) })
    .map(({ version, seed }) =>
      register({ version, artifact: { file: "m.onnx", sha256: digest(seed), sizeBytes: 1 } }),
    ),
  {
    weight: 3,
    arbitrary: fc
      .record({
        environment: anyEnvironment,
        version: anyVersion,
        weight: fc.constantFrom(null, 0, 10, 50, 100, 101),
        force: fc.boolean(),
      })
      .map(deploy),
  },
  {
    weight: 3,
    arbitrary: fc
      .record({ environment: anyEnvironment, version: maybeVersion, to: fc.option(anyEnvironment, { freq: 2 }) })
      .map(promote),
  },
  { weight: 2, arbitrary: fc.record({ environment: anyEnvironment, to: maybeVersion }).map(rollback) },
  {
    weight: 2,
    arbitrary: fc
      .record({
        environment: anyEnvironment,
        version: anyVersion,
        attempt: fc.option(fc.integer({ min: 1, max: 12 })),
        phase: fc.constantFrom(...phases),
      })
      .map((cut) => rollback({ environment: cut.environment, by: "guard", cut: aCut(cut) })),
  },
);

type Step =
  | { readonly do: "commit"; readonly command: Command }
  | { readonly do: "propose"; readonly command: Command }
  | { readonly do: "merge"; readonly which: number };

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: anyCommand.map((command): Step => ({ do: "commit", command })) },
  { weight: 2, arbitrary: anyCommand.map((command): Step => ({ do: "propose", command })) },
  { weight: 2, arbitrary: fc.nat({ max: 5 }).map((which): Step => ({ do: "merge", which })) },
);

const anyHistory = fc.record({
  start: anyTree,
  steps: fc.array(anyStep, { minLength: 1, maxLength: 25, size: "max" }),
});

const problemsOf = (tree: Tree, { environment, model }: Change): unknown[] =>
  checkTree(tree).filter(({ file = "" }) =>
    [`environments/registry/${model}/`, `environments/${environment}/`].some((folder) => file.startsWith(folder)),
  );

const attemptIn = (tree: Tree, environment: string): number =>
  highestAttempt(tree.deployments.get(environment)?.get("fraud") ?? null);

/** Runs a history, and shows each commit of mmsp's and each merge of a person's with the tree before and after. */
function play(
  history: { start: Tree; steps: readonly Step[] },
  seen: {
    commit?: (before: Tree, after: Tree, change: Change, command: Command) => void;
    merge?: (before: Tree, after: Tree, conflict: boolean) => void;
  },
): void {
  let tree = history.start;
  let open: OpenChange[] = [];
  for (const step of history.steps) {
    if (step.do === "merge") {
      const chosen = open[step.which % Math.max(1, open.length)];
      if (chosen === undefined) continue;
      const merged = mergeStale(tree, chosen);
      open = open.filter((other) => other !== chosen);
      seen.merge?.(tree, merged.tree, merged.conflict);
      tree = merged.tree;
      continue;
    }
    const made = plan(step.command, aState(tree));
    if (made.kind !== "change") continue;
    if (step.do === "propose") {
      open.push({ base: tree, change: made });
      continue;
    }
    const after = applyDocuments(tree, made);
    seen.commit?.(tree, after, made, step.command);
    tree = after;
  }
}

function expectSound(tree: Tree): void {
  for (const models of tree.deployments.values()) {
    for (const deployment of models.values()) {
      const rejected = new Set(deployment.spec.rejected?.map((entry) => entry.version));
      const { stable, canary, shadow, previous } = effective(deployment);
      const named = [stable, canary, shadow].flatMap((entry) => (entry ? [entry.version] : []));
      expect([...named, ...previous].filter((version) => rejected.has(version))).toEqual([]);
      expect(stable === null || canary?.version !== stable.version).toBe(true);
      expect(validateModelDeployment(deployment)).toBe(true);
    }
  }
}

describe("any sequence of commands and merges of stale plans", () => {
  test("after each commit of mmsp's all rules hold for what it changed", () => {
    const verbs = new Set<string>();
    fc.assert(
      fc.property(anyHistory, (history) => {
        play(history, {
          commit: (_, after, change) => {
            verbs.add(change.verb);
            expect(problemsOf(after, change)).toEqual([]);
            expectSound(after);
          },
          merge: (_, after) => expectSound(after),
        });
      }),
      { numRuns: 400 },
    );
    expect([...verbs].toSorted()).toEqual(["deploy", "promote", "register", "rollback"]);
  });

  test("attempts never decrease, and a deploy's is above all before", () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        play(history, {
          commit: (before, after, { environment, version }) => {
            if (environment === null) return;
            expect(attemptIn(after, environment)).toBeGreaterThanOrEqual(attemptIn(before, environment));
            const old = before.deployments.get(environment)?.get("fraud");
            const canary = after.deployments.get(environment)?.get("fraud")?.spec.canary;
            if (canary?.version === version && (!old || effective(old).canary?.version !== version)) {
              expect(canary.attempt).toBe(attemptIn(before, environment) + 1);
            }
          },
          merge: (before, after, conflict) => {
            for (const environment of conflict ? [] : environments) {
              expect(attemptIn(after, environment)).toBeGreaterThanOrEqual(attemptIn(before, environment));
            }
          },
        });
      }),
      { numRuns: 300 },
    );
  });

  test("a rollback right after a deploy returns to what was served before", () => {
    let deploys = 0;
    fc.assert(
      fc.property(anyHistory, (history) => {
        play(history, {
          commit: (_, after, change) => {
            if (change.verb !== "deploy" || change.traffic.before.length === 0 || change.environment === null) return;
            const back = plan(rollback({ environment: change.environment }), aState(after));
            if (back.kind !== "change") {
              // Where every stable version was rejected before, there is nothing to return to.
              expect(change.notices.join()).toContain("every stable version is rejected");
              return;
            }
            deploys++;
            const stable = change.traffic.before.find((share) => share.phase === "stable");
            expect(back.traffic.after).toEqual([{ version: stable?.version ?? 0, phase: "stable", percent: 100 }]);
            expect(back.rejection?.version).toBe(change.version);
          },
        });
      }),
      { numRuns: 300 },
    );
    expect(deploys).toBeGreaterThan(50);
  });

  test("the same command again, right after its commit, changes nothing or rolls back further", () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        play(history, {
          commit: (_, after, change, command) => {
            const again = plan(command, aState(after));
            if (command.verb === "rollback" && command.cut === null) return;
            expect(again.kind).not.toBe(command.verb === "promote" && command.version === null ? "" : "change");
            expect(change.documents.length).toBeGreaterThan(0);
          },
        });
      }),
      { numRuns: 300 },
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
          expect(effective(underCuts(deployment, "staging", cuts)).stable).not.toBeNull();
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
        const served = effective(underCuts(deployment, "staging", cuts));
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
