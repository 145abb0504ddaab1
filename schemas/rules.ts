import type { Problem } from "./problem.ts";
import { checkDeployment } from "./rules/deployment.ts";
import { checkEnvironment, checkProject } from "./rules/environment.ts";
import { checkOrphans } from "./rules/orphan.ts";
import { checkVersion } from "./rules/version.ts";
import type { Tree } from "./tree.ts";

/**
 * The rules that no schema can say, over everything in the tree; what the schemas say, `readTree` has checked.
 * Weights are within 0..100 by schema. A tree that was read in part is checked in part: versions are looked up only
 * for models whose registry is there, so give whole trees where the answer is to be trusted.
 */
export function checkTree(tree: Tree): readonly Problem[] {
  const problems: Problem[] = tree.project === null ? [] : [...checkProject(tree.project)];
  for (const [model, versions] of tree.versions) {
    for (const [version, document] of versions) problems.push(...checkVersion(tree, model, version, document));
  }
  for (const [name, environment] of tree.environments) problems.push(...checkEnvironment(tree, name, environment));
  for (const [environment, models] of tree.deployments) {
    for (const [model, deployment] of models) problems.push(...checkDeployment(tree, environment, model, deployment));
  }
  problems.push(...checkOrphans(tree));
  return problems;
}
