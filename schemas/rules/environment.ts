import type { Environment } from "../environment.ts";
import { isReserved, otherNameHint } from "../limits.ts";
import type { Problem } from "../problem.ts";
import type { Project } from "../project.ts";
import { paths, type Tree } from "../tree.ts";
import { problemsIn, type Say } from "./say.ts";
import { checkSteps } from "./steps.ts";
import { checkTime, isTime } from "./time.ts";

/** The policy of an environment: its promotions end somewhere, its store can be read, its freezes hold for some time. */
export function checkEnvironment(tree: Tree, name: string, { spec }: Environment): readonly Problem[] {
  const { problems, say } = problemsIn(paths.environment(name));
  if (isReserved(name)) {
    say("name-reserved", ["metadata", "name"], `"${name}" cannot name an environment`, otherNameHint);
  }
  checkPromotion(tree, name, spec.promotesTo, say);
  checkSteps(["spec", "steps"], spec.steps, say);
  const store = spec.artifactStore ?? tree.project?.spec.artifactStore;
  if (store !== undefined && spec.backend !== "embedded" && !/^(s3|https):\/\//.test(store)) {
    const hint = "use s3://bucket/prefix, or the embedded backend";
    say("store-not-reachable", ["spec", "artifactStore"], `a cluster cannot read the store "${store}"`, hint);
  }
  for (const [at, { from, to }] of (spec.freeze ?? []).entries()) {
    checkTime(["spec", "freeze", at, "from"], from, say);
    checkTime(["spec", "freeze", at, "to"], to, say);
    if (!isTime(from) || !isTime(to) || Date.parse(to) > Date.parse(from)) continue;
    const hint = "make `to` the later of the two, or remove the freeze";
    say("freeze-empty", ["spec", "freeze", at, "to"], `is not after ${from}, so nothing is ever frozen`, hint);
  }
  return problems;
}

/** What mmsp.yaml says for every environment. */
export function checkProject({ spec }: Project): readonly Problem[] {
  const { problems, say } = problemsIn(paths.project);
  checkSteps(["spec", "defaults", "steps"], spec.defaults?.steps, say);
  return problems;
}

function checkPromotion(tree: Tree, name: string, promotesTo: string | undefined, say: Say): void {
  if (promotesTo === undefined) return;
  const path = ["spec", "promotesTo"];
  if (!tree.environments.has(promotesTo) && !tree.broken?.has(paths.environment(promotesTo))) {
    const hint = `name one of ${[...tree.environments.keys()].join(", ")}, or remove promotesTo`;
    say("environment-unknown", path, `there is no environment "${promotesTo}"`, hint);
  }
  const circle = circleFrom(tree, name);
  // Told once, at the first of its names.
  if (circle === null || circle.some((other) => other < name)) return;
  const hint = "remove promotesTo from the environment that is the last, such as prod";
  say("promotion-circle", path, `leads back to where it began: ${[...circle, name].join(" -> ")}`, hint);
}

/** The environments that promotions go through from here until they are here again; null where they do not come back. */
function circleFrom(tree: Tree, start: string): readonly string[] | null {
  const way = [start];
  for (let at = start; ;) {
    const next = tree.environments.get(at)?.spec.promotesTo;
    if (next === start) return way;
    if (next === undefined || way.includes(next)) return null;
    way.push(next);
    at = next;
  }
}
