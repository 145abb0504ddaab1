import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { Application, ApplicationState } from "../../../../cli/gitops/core/argocd-port.ts";
import { together } from "../../../../cli/gitops/core/follow.ts";
import {
  applicationsOfFolder,
  comparedAfter,
  judgeApplication,
  judgeMissing,
  mayRefresh,
  notCompared,
  type ApplicationLook,
  type Comparing,
} from "../../../../cli/gitops/core/follow-applied.ts";

const folder = { repository: "acme/models", base: "main", environment: "dev", model: "fraud" };
const path = "environments/dev/models/fraud";
const [merged, other] = ["a".repeat(40), "b".repeat(40)];

function application(name: string, source: Partial<Application["sources"][number]> = {}): Application {
  const repository = "https://github.com/acme/models.git";
  const sources = [{ repository, path, revision: "HEAD", ...source }];
  return { name, namespace: "argocd", project: "default", sources, isAutomatic: true };
}

function stateWith(more: Partial<ApplicationState> = {}): ApplicationState {
  const calm = { healthMessage: "", operation: null, errors: [], isRefreshing: false };
  return { sync: "Synced", revisions: [merged], health: "Healthy", ...calm, ...more };
}

const page = "https://argocd.example.com/applications/argocd/dev-fraud";

function judge(state: Partial<ApplicationState>, more: Partial<ApplicationLook> = {}) {
  const comparing = { ...notCompared, done: 2 };
  const look = { application: application("dev-fraud"), comparing, commit: merged, page };
  return judgeApplication({ ...look, state: stateWith(state), ...more });
}

const after = (before: Comparing, state: ApplicationState | null, refreshed: boolean) =>
  comparedAfter(before, { state, refreshed, commit: merged });

describe("the applications of a model folder", () => {
  const names = (applications: readonly Application[], of = folder) => {
    const { following, elsewhere } = applicationsOfFolder(applications, of);
    return [following.map(({ name }) => name), elsewhere.map(({ name }) => name)];
  };

  test("are those that apply it, whatever they are called; one for each cluster", () => {
    const others = [
      application("dev-churn", { path: "environments/dev/models/churn" }),
      application("dev", { path: "environments/dev" }),
    ];
    const written = [
      application("a"),
      application("b", { path: `./${path}/` }),
      application("c", { revision: "main" }),
    ];
    expect(names([...others, ...written])).toEqual([["a", "b", "c"], []]);
  });

  test("are not those of the same folder in another repository", () => {
    const repository = "https://github.com/other/models.git";
    expect(names([application("theirs", { repository })])).toEqual([[], []]);
  });

  test.each([
    ["acme/models", "https://github.com/acme/models"],
    ["acme/models", "git@github.com:Acme/Models.git"],
    ["acme/models", "ssh://git@ghe.example.com:22/acme/models.git"],
    ["https://git.example.com/ml/acme/models.git", "https://git.example.com/ml/acme/models"],
    ["ssh://git@git.example.com/acme/models", "git@git.example.com:acme/models.git"],
  ])("%s is the repository that Argo CD has as %s", (repository, address) => {
    expect(names([application("a", { repository: address })], { ...folder, repository })).toEqual([["a"], []]);
  });

  test("that follow another branch are told apart", () => {
    expect(
      names([application("a", { revision: "release" }), application("b", { revision: "refs/heads/main" })]),
    ).toEqual([["b"], ["a"]]);
  });
});

describe("an application", () => {
  test("that is synced to the merged commit and healthy has arrived", () => {
    expect(judge({})).toEqual({
      kind: "arrived",
      applied: { application: "dev-fraud", sync: "Synced", health: "Healthy", revision: merged },
    });
  });

  test("of another commit is believed after it has looked at git twice since the merge", () => {
    const looked = (done: number) => judge({ revisions: [other] }, { comparing: { ...notCompared, done } });
    expect(looked(0)).toEqual({ kind: "wait", says: "merged; waiting for Argo CD to look at git" });
    expect(looked(1)).toMatchObject({ kind: "wait" });
    expect(looked(2)).toMatchObject({ kind: "arrived", applied: { revision: other } });
  });

  test.each<[string, Partial<ApplicationState>, string]>([
    ["OutOfSync", { sync: "OutOfSync" }, "waiting for Argo CD to sync dev-fraud (OutOfSync)"],
    // What is being mended may be ill until then.
    [
      "OutOfSync and Degraded",
      { sync: "OutOfSync", health: "Degraded" },
      "waiting for Argo CD to sync dev-fraud (OutOfSync)",
    ],
    [
      "Progressing",
      { health: "Progressing" },
      "Argo CD has synced dev-fraud, waiting for it to be healthy (Progressing)",
    ],
    ["Missing", { health: "Missing" }, "Argo CD has synced dev-fraud, waiting for it to be healthy (Missing)"],
    [
      "at a sync",
      { sync: "OutOfSync", operation: { phase: "Running", message: "Retrying attempt #1", revisions: [merged] } },
      "Argo CD is syncing dev-fraud: Retrying attempt #1",
    ],
    [
      "still at a sync that a newer commit has overtaken",
      { sync: "OutOfSync", operation: { phase: "Running", message: "Retrying", revisions: [other] } },
      "Argo CD is syncing dev-fraud to an earlier commit: Retrying",
    ],
    [
      "at an earlier sync's failure",
      { sync: "OutOfSync", operation: { phase: "Failed", message: "no", revisions: [other] } },
      "waiting for Argo CD to sync dev-fraud (OutOfSync)",
    ],
    [
      "kept from comparing by what passes",
      { sync: "Unknown", errors: ["ComparisonError: rpc error: code = Unavailable desc = connection error"] },
      "Argo CD cannot compare dev-fraud now: ComparisonError: rpc error: code = Unavailable desc = connection error",
    ],
  ])("that is %s is waited for", (_, state, says) => {
    expect(judge(state)).toEqual({ kind: "wait", says: `merged; ${says}` });
  });

  test("that nobody syncs by itself waits for somebody", () => {
    const manual = { application: { ...application("dev-fraud"), isAutomatic: false } };
    expect(judge({ sync: "OutOfSync" }, manual)).toEqual({
      kind: "wait",
      says: "merged; somebody has to sync dev-fraud in Argo CD, which does not by itself (OutOfSync)",
    });
  });

  test.each<[string, Partial<ApplicationState>, string, string]>([
    [
      "could not be synced",
      { sync: "OutOfSync", operation: { phase: "Failed", message: "fraud is invalid", revisions: [merged] } },
      "argocd-sync-failed",
      "Argo CD could not sync dev-fraud: fraud is invalid",
    ],
    [
      "cannot be built",
      { sync: "Unknown", errors: ["ComparisonError: kustomize build failed"] },
      "argocd-error",
      "Argo CD cannot apply dev-fraud: ComparisonError: kustomize build failed",
    ],
    [
      "is ill after the sync",
      { health: "Degraded", healthMessage: "Deployment fraud: no progress" },
      "argocd-degraded",
      "Argo CD has synced dev-fraud, which is Degraded: Deployment fraud: no progress",
    ],
  ])("that %s ends the waiting with Argo CD's words and its page", (_, state, code, message) => {
    expect(judge(state)).toEqual({
      kind: "stop",
      problem: { code, message, hint: expect.stringContaining(`see ${page}; the change is merged`) },
    });
  });

  test("stops nothing by what it says of an earlier commit", () => {
    const failed = { phase: "Failed", message: "no", revisions: [other] };
    const earlier = { revisions: [other], health: "Degraded", errors: ["SyncError: no"], operation: failed };
    expect(judge(earlier, { comparing: { ...notCompared, done: 1 } })).toEqual({
      kind: "wait",
      says: "merged; waiting for Argo CD to look at git",
    });
  });

  test("arrives only synced, healthy, at rest, and compared since the merge, whatever else it says", () => {
    const phase = fc.constantFrom("Running", "Terminating", "Succeeded", "Failed", "Error");
    const revisions = fc.subarray([merged, other]);
    const anyState = fc.record({
      sync: fc.constantFrom("Synced", "OutOfSync", "Unknown"),
      revisions,
      health: fc.constantFrom("Healthy", "Progressing", "Degraded", "Suspended", "Missing", "Unknown"),
      healthMessage: fc.string(),
      operation: fc.option(fc.record({ phase, message: fc.string(), revisions })),
      errors: fc.array(fc.constantFrom("SyncError: no", "ComparisonError: code = Unavailable")),
      isRefreshing: fc.boolean(),
    });
    fc.assert(
      fc.property(anyState, fc.nat({ max: 3 }), (state, looks) => {
        let comparing = notCompared;
        for (let at = 0; at < looks; at += 1) comparing = after(comparing, state, mayRefresh(comparing));
        const step = judge(state, { comparing });
        if (step.kind !== "arrived") return;
        expect(state).toMatchObject({ sync: "Synced", health: "Healthy" });
        expect(["Running", "Terminating"]).not.toContain(state.operation?.phase ?? "");
        expect(looks).toBeGreaterThanOrEqual(state.revisions.includes(merged) ? 1 : 2);
        expect(state.isRefreshing && !state.revisions.includes(merged)).toBe(false);
      }),
    );
  });
});

describe("Argo CD is asked to look at git", () => {
  const elsewhere = stateWith({ revisions: [other] });

  test("no more when it is at the merged commit", () => {
    expect(mayRefresh(notCompared)).toBe(true);
    expect(mayRefresh(after(notCompared, stateWith(), true))).toBe(false);
  });

  test("twice where it is at another", () => {
    const once = after(notCompared, elsewhere, true);
    expect([once.done, mayRefresh(once)]).toEqual([1, true]);
    const twice = after(once, elsewhere, true);
    expect([twice.done, mayRefresh(twice)]).toEqual([2, false]);
  });

  test("and where it takes longer than a call may, has done so when its mark is gone", () => {
    const late = after(notCompared, null, true);
    expect(mayRefresh(late)).toBe(false);
    const busy = after(late, { ...elsewhere, isRefreshing: true }, false);
    expect([busy.done, mayRefresh(busy)]).toEqual([0, false]);
    const away = after(busy, null, false);
    expect(after(away, elsewhere, false).done).toBe(1);
  });

  test("again where nothing shows that it was understood", () => {
    const late = after(notCompared, null, true);
    const lost = after(late, elsewhere, false);
    expect([lost.done, mayRefresh(lost)]).toEqual([0, true]);
  });
});

describe("a folder without an application", () => {
  test("is waited for as long as an ApplicationSet may take, and then told", () => {
    expect(judgeMissing(folder, [], 4 * 60_000)).toEqual({
      kind: "wait",
      says: `merged; Argo CD shows no application of ${path} yet`,
    });
    expect(judgeMissing(folder, [], 5 * 60_000)).toMatchObject({
      kind: "stop",
      problem: {
        code: "argocd-application-missing",
        message: `Argo CD shows no application whose source is ${path} of acme/models`,
        hint: expect.stringContaining("`applications, get`"),
      },
    });
  });

  test("that one applies from another branch is told at once", () => {
    expect(judgeMissing(folder, [application("dev-fraud", { revision: "release" })], 0)).toMatchObject({
      kind: "stop",
      problem: { code: "argocd-other-branch", message: `Argo CD's dev-fraud applies ${path}, but not from main` },
    });
  });
});

describe("several that go together", () => {
  const [wait, done] = [{ kind: "wait", says: "w" } as const, { kind: "arrived", of: 1 } as const];
  const stop = { kind: "stop", problem: { code: "c", message: "m", hint: "h" } } as const;

  test("have arrived when all have, and stop when one does", () => {
    expect(together<{ of: number }>([done, done])).toEqual({ kind: "arrived", all: [done, done] });
    expect(together<{ of: number }>([done, wait, stop])).toEqual(stop);
  });

  test("tell the first that is awaited, and how many are done; one alone tells itself", () => {
    expect(together<{ of: number }>([done, wait, wait])).toEqual({ kind: "wait", says: "w (1 of 3 done)" });
    expect(together([wait])).toEqual(wait);
  });
});
