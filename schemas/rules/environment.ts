import type { Environment } from "../environment.ts";
import { isReserved, otherNameHint } from "../limits.ts";
import type { Problem } from "../problem.ts";
import type { Project } from "../project.ts";
import { paths, type Tree } from "../tree.ts";
import { problemsIn, type Say } from "./say.ts";
import { checkSteps } from "./steps.ts";
import { checkTime, isTime } from "./time.ts";

/** The policy of an environment: its promotions end somewhere, its store can be read, its freezes hold for some time. */
export function checkEnvironment(tree: Tree, name: string, document: Environment): readonly Problem[] {
  const { problems, say, rule } = problemsIn(paths.environment(name));
  rule(() => {
    if (!isReserved(document.metadata.name)) return;
    say("name-reserved", ["metadata", "name"], `"${name}" cannot name an environment`, otherNameHint);
  });
  rule(() => checkPromotion(tree, name, document.spec.promotesTo, say));
  rule(() => checkSteps(["spec", "steps"], document.spec.steps, say));
  rule(() => checkStore(tree, document, say));
  rule(() => {
    const { freeze = [] } = document.spec;
    for (const at of freeze.keys()) {
      rule(() => checkTime(["spec", "freeze", at, "from"], freeze[at]?.from, say));
      rule(() => checkTime(["spec", "freeze", at, "to"], freeze[at]?.to, say));
      rule(() => checkFreeze(at, freeze[at], say));
    }
  });
  return problems;
}

/** What mmsp.yaml says for every environment. */
export function checkProject(document: Project): readonly Problem[] {
  const { problems, say, rule } = problemsIn(paths.project);
  rule(() => checkSteps(["spec", "defaults", "steps"], document.spec.defaults?.steps, say));
  return problems;
}

function checkStore(tree: Tree, { spec }: Environment, say: Say): void {
  const store = spec.artifactStore ?? tree.project?.spec.artifactStore;
  if (store === undefined || spec.backend === "embedded" || /^(s3|https):\/\//.test(store)) return;
  const hint = "use s3://bucket/prefix, or the embedded backend";
  say("store-not-reachable", ["spec", "artifactStore"], `a cluster cannot read the store "${store}"`, hint);
}

function checkFreeze(at: number, freeze: Freeze | undefined, say: Say): void {
  if (freeze === undefined) return;
  const { from, to } = freeze;
  if (!isTime(from) || !isTime(to) || Date.parse(to) > Date.parse(from)) return;
  const hint = "make `to` the later of the two, or remove the freeze";
  say("freeze-empty", ["spec", "freeze", at, "to"], `is not after ${from}, so nothing is ever frozen`, hint);
}

type Freeze = NonNullable<Environment["spec"]["freeze"]>[number];

function checkPromotion(tree: Tree, name: string, promotesTo: string | undefined, say: Say): void {
  if (promotesTo === undefined) return;
  const path = ["spec", "promotesTo"];
  if (!tree.environments.has(promotesTo)) {
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
