import { expect, test } from "bun:test";
import { InferenceError, Overloaded, type LoadedModel } from "../../gateway/core/ports.ts";
import type { RoutingTable } from "../../gateway/core/route.ts";
import { buildTable } from "../../gateway/core/table.ts";
import { createPredictor, type Call } from "../../gateway/predict.ts";
import { deploymentOf, loadedOf, nothingElse, since } from "../support/fleet.ts";
import type { ModelDeployment } from "../../schemas/model-deployment.ts";

function tableOf(spec: Partial<ModelDeployment["spec"]>, models: readonly LoadedModel[]): RoutingTable {
  const loaded = new Map(models.map((model) => [model.version, model]));
  return buildTable({ ...nothingElse, models: new Map([["fraud", { deployment: deploymentOf(spec), loaded }]]) });
}

const stable = (version: number) => ({ version, attempt: version, since });
const canary = { version: 2, attempt: 2, since, weight: 100 };

/** Requests by a table that a test swaps; whoever is asked answers with its version. */
function predictorOver(first: RoutingTable) {
  let table = first;
  const attempts: string[] = [];
  const predict = createPredictor({
    table: () => table,
    random: () => 0,
    now: () => 0,
    onNamed: () => {},
    onFault: () => {},
    recorder: {
      attempt: ({ version, outcome }) => void attempts.push(`${version} ${outcome}`),
      fallback: () => {},
      reply: () => {},
    },
  });
  const call: Call<number> = {
    model: "fraud",
    version: null,
    header: () => null,
    encode: () => [],
    decode: ({ version }) => version,
  };
  const ask = (model = "fraud") => predict({ ...call, model });
  return { ask, attempts, swap: (next: RoutingTable) => void (table = next) };
}

/** The canary's call fails when `fail` is called. */
function gated() {
  const { promise, reject } = Promise.withResolvers<never>();
  const failing: LoadedModel = { ...loadedOf(2), infer: () => promise };
  return { failing, fail: () => reject(new InferenceError("Gather out of data bounds")) };
}

/** As a model that was swapped out answers. */
const closed = { ...loadedOf(1), infer: () => Promise.reject(new Overloaded("the model is being unloaded")) };

test("where stable is swapped while a canary fails, the new one answers the same request", async () => {
  const { failing, fail } = gated();
  const { ask, attempts, swap } = predictorOver(tableOf({ canary }, [closed, failing]));
  const answer = ask();
  swap(tableOf({ stable: stable(3), canary }, [loadedOf(3), failing]));
  fail();
  expect(await answer).toMatchObject({ reply: 3, version: 3, phase: "stable", fallbackFrom: 2 });
  expect(attempts).toEqual(["2 fault", "3 ok"]);
});

test("where a canary is promoted while it fails, the version that it took over from answers", async () => {
  const { failing, fail } = gated();
  const { ask, swap } = predictorOver(tableOf({ canary }, [loadedOf(1), failing]));
  const answer = ask();
  swap(tableOf({ stable: stable(2), previous: [1] }, [loadedOf(1), failing]));
  fail();
  expect(await answer).toMatchObject({ reply: 1, fallbackFrom: 2 });
});

test("where the model is gone by then, the caller is told to come again", async () => {
  const { failing, fail } = gated();
  const { ask, swap } = predictorOver(tableOf({ canary }, [closed, failing]));
  const answer = ask();
  swap(buildTable({ ...nothingElse, models: new Map() }));
  fail();
  expect(await answer.catch((error: unknown) => error)).toMatchObject({ status: 503 });
});

test("a model that is served no more leaves no retries behind, neither saved up nor used up", async () => {
  const { failing, fail } = gated();
  fail();
  const served = tableOf({ canary }, [loadedOf(1), failing]);
  const other = buildTable({
    ...nothingElse,
    models: new Map([["churn", { deployment: deploymentOf({ model: "churn" }), loaded: new Map([[1, loadedOf(1)]]) }]]),
  });
  const { ask, swap } = predictorOver(served);
  const untilRefused = async (): Promise<number> => {
    for (let answered = 0; ; answered++)
      if (
        await ask()
          .then(() => false)
          .catch(() => true)
      )
        return answered;
  };
  const first = await untilRefused();
  expect(await untilRefused()).toBeLessThan(5);
  swap(other);
  await ask("churn");
  swap(served);
  expect(await untilRefused()).toBe(first);
});
