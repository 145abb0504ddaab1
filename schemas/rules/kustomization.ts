import type { Problem } from "../problem.ts";
import type { Tree } from "../tree.ts";
import { problemsIn } from "./say.ts";

/** The kustomization of a folder is there and lists what it has to, in any order, and nothing else. */
export function checkResources(tree: Tree, file: string, expectedIn: () => readonly string[]): readonly Problem[] {
  const { problems, say, rule } = problemsIn(file);
  rule(() => {
    const actual = tree.kustomizations.get(file);
    if (actual === undefined) {
      let hint = "mend the document beside it, and mmsp validate says what to write";
      rule(() => (hint = `write it, with ${listing(expectedIn())}`));
      say("kustomization-missing", [], "is not there, so Argo CD would apply nothing", hint);
      return;
    }
    const expected = expectedIn();
    if (actual.length !== expected.length || !expected.every((resource) => actual.includes(resource))) {
      say(
        "kustomization-stale",
        ["resources"],
        "does not list what is to be applied, and only that",
        `write ${listing(expected)}`,
      );
    }
  });
  return problems;
}

function listing(resources: readonly string[]): string {
  return `resources: [${resources.join(", ")}]`;
}
