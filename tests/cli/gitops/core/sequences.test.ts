import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { applyDocuments } from "../../../../cli/gitops/core/apply-change.ts";
import type { Change, Command } from "../../../../cli/gitops/core/change.ts";
import { plan } from "../../../../cli/gitops/core/plan.ts";
import { sharesOf } from "../../../../cli/gitops/core/standing.ts";
import { validateModelDeployment } from "../../../../schemas/kinds.ts";
import { effective, highestAttempt } from "../../../../schemas/effective.ts";
import { checkTree } from "../../../../schemas/rules.ts";
import type { Tree } from "../../../../schemas/tree.ts";
import { anyHistory, environments, type Step } from "../../../support/arbitraries.ts";
import { aCut, aDeployment, aState, aTree, deploy, promote, rollback } from "../../../support/builders.ts";
import { mergeStale, type OpenChange } from "../../../support/merges.ts";

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

test("a promotion that was planned before a rollback and merges after it brings no traffic back", () => {
  const run = (tree: Tree, command: Command): Change => {
    const made = plan(command, aState(tree));
    if (made.kind !== "change") throw new Error(JSON.stringify(made));
    return made;
  };
  const start = aTree({ deployments: { staging: [aDeployment({ stable: 1, canary: 2 })] } });
  const promotion = { base: start, change: run(start, promote()) };
  const back = run(start, rollback({ by: "guard", cut: aCut() }));
  const rolledBack = applyDocuments(start, back);
  const { tree, conflict } = mergeStale(rolledBack, promotion);
  const merged = tree.deployments.get("staging")?.get("fraud");
  expect(conflict).toBe(false);
  expect(merged?.spec.stable.version).toBe(2);
  expect(sharesOf(merged ?? null)).toEqual([{ version: 1, phase: "stable", percent: 100 }]);
  const next = applyDocuments(tree, run(tree, deploy({ version: 3 })));
  expect(checkTree(next)).toEqual([]);
  expect(next.deployments.get("staging")?.get("fraud")?.spec.stable.version).toBe(1);
});

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
        // A person who resolves a conflict may write any number; from there on nothing is promised.
        let byHand = false;
        play(history, {
          commit: (before, after, { environment, version }) => {
            if (environment === null || byHand) return;
            expect(attemptIn(after, environment)).toBeGreaterThanOrEqual(attemptIn(before, environment));
            const old = before.deployments.get(environment)?.get("fraud");
            const canary = after.deployments.get(environment)?.get("fraud")?.spec.canary;
            if (canary?.version === version && (!old || effective(old).canary?.version !== version)) {
              expect(canary.attempt).toBe(attemptIn(before, environment) + 1);
            }
          },
          merge: (before, after, conflict) => {
            byHand ||= conflict;
            for (const environment of byHand ? [] : environments) {
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
            // What only writes down that a version is stable has let nothing in.
            if (change.traffic.before.some(({ phase, version }) => phase === "stable" && version === change.version)) {
              return;
            }
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

  test("the same command again, right after its commit, changes nothing; only a person's rollback and --canary next go on", () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        play(history, {
          commit: (_, after, change, command) => {
            expect(change.documents.length).toBeGreaterThan(0);
            if (command.verb === "rollback" && command.cut === null) return;
            if (command.verb === "deploy" && command.weight === "next") return;
            expect(plan(command, aState(after)).kind).not.toBe("change");
          },
        });
      }),
      { numRuns: 300 },
    );
  });
});
