import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { MlflowVersion } from "../../../../cli/gitops/core/mlflow-provenance.ts";
import {
  mlflowModelsOf,
  planMlflowSync,
  type MlflowAction,
  type MlflowModelState,
} from "../../../../cli/gitops/core/mlflow-sync.ts";
import type { ModelDeployment } from "../../../../schemas/model-deployment.ts";
import { aDeployment, anEnvironment, aRejection, aTree, aVersion, earlier } from "../../../support/builders.ts";

type State = Map<string, MlflowModelState | null>;

/** Versions 1 to 4 of a model, from the versions of the same numbers of a model in MLflow. */
function versionsOf(model: string, mlflow = "fraud") {
  return [1, 2, 3, 4].map((version) => {
    const provenance = { createdAt: earlier, mlflowVersion: { model: mlflow, version } };
    return aVersion(model, version, { provenance });
  });
}

function treeOf(deployments: Readonly<Record<string, readonly ModelDeployment[]>>, versions = versionsOf("fraud")) {
  return aTree({ versions, deployments, environments: [anEnvironment("prod"), anEnvironment("dev")] });
}

function stateOf(aliases: Readonly<Record<string, number>> = {}, stages: Readonly<Record<number, string>> = {}): State {
  const versions = [1, 2, 3, 4].map((version): [number, MlflowVersion] => {
    return [version, { model: "fraud", version, run: null, stage: stages[version] ?? "None", tags: new Map() }];
  });
  return new Map([["fraud", { aliases: new Map(Object.entries(aliases)), versions: new Map(versions) }]]);
}

const options = { environment: "prod", model: null, alias: "champion", stages: false };

/** The server after these calls. */
function applied(state: State, actions: readonly MlflowAction[]): State {
  const after: State = new Map();
  for (const [name, model] of state) {
    const aliases = new Map(model?.aliases);
    const versions = new Map(
      [...(model?.versions ?? [])].map(([key, value]) => [key, { ...value, tags: new Map(value.tags) }]),
    );
    for (const action of actions.filter(({ model }) => model === name)) {
      const version = versions.get(action.version);
      if (action.kind === "set-alias") aliases.set(action.alias, action.version);
      else if (action.kind === "remove-alias") aliases.delete(action.alias);
      else if (action.kind === "set-tag") version?.tags.set(action.key, action.value);
      else if (action.kind === "remove-tag") version?.tags.delete(action.key);
      else versions.set(action.version, { ...version!, stage: action.stage });
    }
    after.set(name, model === null ? null : { aliases, versions });
  }
  return after;
}

/** Brings the server to what the tree says; short words for what was done. */
function sync(tree: ReturnType<typeof treeOf>, state: State, given: Partial<typeof options> = {}) {
  const { actions, notices } = planMlflowSync(tree, state, { ...options, ...given });
  const done = actions.map((action) => {
    if (action.kind === "set-alias") return `${action.alias} ${action.from} -> ${action.version}`;
    if (action.kind === "remove-alias") return `${action.alias} gone from ${action.version}`;
    if (action.kind === "set-stage") return `${action.version} ${action.from} -> ${action.stage}`;
    return action.kind === "set-tag"
      ? `${action.version} ${action.key}=${action.value}`
      : `${action.version} -${action.key}`;
  });
  return { done, notices, state: applied(state, actions) };
}

const fraud = (given: Parameters<typeof aDeployment>[0]) => aDeployment({ model: "fraud", ...given });
const rejecting = (version: number, reason = "drift") => ({ spec: { rejected: [aRejection(version, { reason })] } });

describe("what a sync does", () => {
  test("the alias goes to the stable version, and canaries are tagged", () => {
    const tree = treeOf({ prod: [fraud({ stable: 2, canary: 3 })] });
    expect(sync(tree, stateOf({ champion: 1, mine: 1 })).done).toEqual([
      "champion 1 -> 2",
      "2 mmsp.environment.prod=stable",
      "3 mmsp.environment.prod=canary",
    ]);
  });

  test("with stages the stable version is in Production, and the one that it replaced is archived", () => {
    const tree = treeOf({ prod: [fraud({ stable: 2 })] });
    const { done } = sync(tree, stateOf({ champion: 2 }, { 1: "Production" }), { stages: true });
    expect(done).toEqual(["1 Production -> Archived", "2 None -> Production", "2 mmsp.environment.prod=stable"]);
  });

  test("a rejected version is archived with the reason, also where a stale merge calls it stable", () => {
    const tree = treeOf({ prod: [fraud({ stable: 2, spec: { previous: [1], ...rejecting(2).spec } })] });
    expect(sync(tree, stateOf({ champion: 2 })).done).toEqual([
      "champion 2 -> 1",
      "1 mmsp.environment.prod=stable",
      "2 mmsp.archived=prod",
      "2 None -> Archived",
      "2 mmsp.environment.prod=rejected",
      "2 mmsp.rejected=prod: drift",
    ]);
  });

  test("where no stable version is left, the alias is taken from the rejected one", () => {
    const tree = treeOf({ prod: [fraud({ stable: 2, ...rejecting(2) })] });
    expect(sync(tree, stateOf({ champion: 2 })).done[0]).toBe("champion gone from 2");
  });

  test("what another environment still serves is not archived", () => {
    const tree = treeOf({ prod: [fraud({ stable: 1, ...rejecting(2) })], dev: [fraud({ stable: 2 })] });
    const { done } = sync(tree, stateOf({ champion: 1 }));
    expect(done).toContain("2 mmsp.rejected=prod: drift");
    expect(done.join()).not.toContain("Archived");
  });

  test("a version that is deployed again leaves the archive, but only if mmsp has put it there", () => {
    const rejected = treeOf({ prod: [fraud({ stable: 1, ...rejecting(2) })] });
    const archived = sync(rejected, stateOf({ champion: 1 }, { 4: "Archived" })).state;
    const again = sync(treeOf({ prod: [fraud({ stable: 1, canary: 2 })] }), archived);
    expect(again.done).toEqual([
      "2 Archived -> None",
      "2 -mmsp.archived",
      "2 mmsp.environment.prod=canary",
      "2 -mmsp.rejected",
    ]);
  });

  test("a reason of many lines becomes one short line", () => {
    const tree = treeOf({ prod: [fraud({ stable: 1, ...rejecting(2, `odd ${"x".repeat(500)}`) })] });
    const tag = sync(tree, stateOf()).done.find((text) => text.includes("mmsp.rejected="))!;
    expect(tag.length).toBeLessThan(540);
  });
});

describe("what a sync leaves alone", () => {
  test("aliases, tags and versions that only people have set", () => {
    const tree = treeOf({ prod: [fraud({ stable: 1 })] }, versionsOf("fraud").slice(0, 1));
    const state = stateOf({ champion: 1, mine: 4 }, { 4: "Production" });
    (state.get("fraud")!.versions.get(1)!.tags as Map<string, string>).set("team", "risk");
    expect(sync(tree, state, { stages: true }).done).toEqual([
      "1 None -> Production",
      "1 mmsp.environment.prod=stable",
    ]);
  });

  test("the alias, where the environment serves a version that is not from MLflow", () => {
    const versions = [...versionsOf("fraud"), aVersion("fraud", 9)];
    const { done, notices } = sync(treeOf({ prod: [fraud({ stable: 9 })] }, versions), stateOf({ champion: 1 }));
    expect(done).toEqual([]);
    expect(notices).toEqual(['"champion" of "fraud" was left at 1: prod serves no version of it as stable']);
  });

  test("the alias, where two models serve different versions of one model in MLflow", () => {
    const tree = treeOf({ prod: [fraud({ stable: 1 }), aDeployment({ model: "fraud-eu", stable: 2 })] }, [
      ...versionsOf("fraud"),
      ...versionsOf("fraud-eu"),
    ]);
    const { done, notices } = sync(tree, stateOf({ champion: 3 }));
    expect(done.join()).not.toContain("champion");
    expect(notices).toEqual(['"champion" of "fraud" was left as it is: in prod fraud serves 1, fraud-eu serves 2']);
  });

  test("what is gone from MLflow, which is told", () => {
    const tree = treeOf({ prod: [fraud({ stable: 1 })] });
    expect(sync(tree, new Map([["fraud", null]]))).toMatchObject({
      done: [],
      notices: ['MLflow has no registered model "fraud" any more'],
    });
    const state = stateOf();
    (state.get("fraud")!.versions as Map<number, MlflowVersion>).delete(1);
    expect(sync(tree, state)).toMatchObject({ done: [], notices: ['MLflow has no version 1 of "fraud" any more'] });
  });

  test("models that the environment has no deployment of", () => {
    const tree = treeOf({ dev: [fraud({ stable: 1 })] });
    expect(mlflowModelsOf(tree, options)).toEqual([]);
    expect(mlflowModelsOf(tree, { ...options, environment: "dev" })).toEqual(["fraud"]);
    expect(mlflowModelsOf(tree, { environment: "dev", model: "other" })).toEqual([]);
  });
});

test("whatever git and MLflow say, the second sync has nothing to do, and nothing that is served is archived by it", () => {
  const version = fc.integer({ min: 1, max: 4 });
  const deployment = fc
    .record({ stable: version, canary: fc.option(version), rejected: fc.uniqueArray(version) })
    .map(({ stable, canary, rejected }) =>
      fraud({
        stable,
        ...(canary === null || canary === stable ? {} : { canary }),
        spec: { rejected: rejected.map((version) => aRejection(version)) },
      }),
    );
  const stage = fc.constantFrom("None", "Staging", "Production", "Archived");
  fc.assert(
    fc.property(
      fc.record({ prod: deployment, dev: deployment, before: deployment }),
      fc.record({ 1: stage, 2: stage, 3: stage, 4: stage }),
      fc.boolean(),
      ({ prod, dev, before }, stages, withStages) => {
        const given = { stages: withStages };
        const earlierState = sync(treeOf({ prod: [before] }), stateOf({ champion: 1 }, stages), given).state;
        const tree = treeOf({ prod: [prod], dev: [dev] });
        const first = sync(tree, earlierState, given);
        expect(sync(tree, first.state, given).done).toEqual([]);
        const served = [...first.state.get("fraud")!.versions.values()].filter(({ tags }) =>
          ["stable", "canary"].includes(tags.get("mmsp.environment.prod") ?? ""),
        );
        for (const { version } of served)
          expect(first.done.join()).not.toMatch(new RegExp(`\\b${version} \\w+ -> Archived`));
      },
    ),
  );
});
