import { readTree } from "../../schemas/read-tree.ts";
import { namedIn, type PullName } from "./core/gc.ts";
import { versionOfBranch } from "./core/placement.ts";
import type { Forge, OpenPull } from "./core/ports.ts";

/** Of longer lists GitHub gives the first so many; what else a pull request changes is then not known. */
export const listedFiles = 100;

/** Pull requests whose files are asked for at once. */
export const pullsPerCall = 100;

const registered = /^environments\/registry\/([^/]+)\/(\d+)\//;
const deployed = /^environments\/([^/]+)\/models\/([^/]+)\//;

/**
 * The versions of these models that open pull requests name: by the registry entries that they touch, by the deployments on
 * their branches, by their branches' names. Where that cannot be seen (somebody's fork, a very long pull request), all of a
 * model's versions count as named.
 */
export async function namesInPulls(
  pulls: readonly OpenPull[],
  models: ReadonlySet<string>,
  forge: Forge,
): Promise<readonly PullName[]> {
  const names: PullName[] = [];
  for (let at = 0; at < pulls.length; at += pullsPerCall) {
    const some = pulls.slice(at, at + pullsPerCall);
    const changed = await forge.changedFiles(some.map(({ number }) => number));
    for (const pull of some) names.push(...(await namesIn(pull, changed.get(pull.number) ?? [], models, forge)));
  }
  return names.filter(({ model }) => models.has(model));
}

async function namesIn(
  { number, branch }: OpenPull,
  files: readonly string[],
  models: ReadonlySet<string>,
  forge: Forge,
): Promise<readonly PullName[]> {
  if (files.length >= listedFiles) return [...models].map((model) => ({ model, version: null, number }));
  const entries = files.flatMap((file): PullName[] => {
    const [, model, version] = registered.exec(file) ?? [];
    return model === undefined ? [] : [{ model, version: Number(version), number }];
  });
  const own = branch === null ? null : versionOfBranch(branch);
  const [, , second = ""] = branch?.split("/") ?? [];
  const byBranch = own === null ? [] : [{ model: second, version: own, number }];
  const touched = files.flatMap((file) => {
    const [, environment, model] = deployed.exec(file) ?? [];
    return environment === undefined || model === undefined || !models.has(model) ? [] : [{ environment, model }];
  });
  if (touched.length === 0) return [...entries, ...byBranch];
  const touchedModels = [...new Set(touched.map(({ model }) => model))];
  if (branch === null) return [...entries, ...touchedModels.map((model) => ({ model, version: null, number }))];
  const environments = [...new Set(touched.map(({ environment }) => environment))];
  const snapshot = await forge.read({ models: touchedModels, environments }, branch);
  const { tree } = readTree(snapshot.files);
  const deployments = touched.flatMap(({ environment, model }): PullName[] => {
    const deployment = tree.deployments.get(environment)?.get(model);
    // A branch whose document cannot be read, or is taken away, says nothing of what is meant.
    if (deployment === undefined) return [{ model, version: null, number }];
    return namedIn(deployment).map(({ version }) => ({ model, version, number }));
  });
  return [...entries, ...byBranch, ...deployments];
}
