import type { ModelVersion } from "../model-version.ts";
import type { Problem } from "../problem.ts";
import { paths, type Tree } from "../tree.ts";
import { checkResources } from "./kustomization.ts";
import { problemsIn, type Rule, type Say } from "./say.ts";
import { checkTime } from "./time.ts";

/** A registered version: its files have the digests that it says, and its folder can be applied. */
export function checkVersion(tree: Tree, model: string, version: number, document: ModelVersion): readonly Problem[] {
  const { problems, say, rule } = problemsIn(paths.version(model, version));
  // A version is never edited once it is merged.
  const again = `restore the document from git, or register the file anew: mmsp register ${model} --model-path FILE`;
  rule(() => {
    const { artifact } = document.spec;
    if ((artifact.key === undefined) === (artifact.uri === undefined)) {
      const hint = "say `key` for a file in the artifact store, or `uri` for one at an https address";
      say("artifact-place", ["spec", "artifact"], "needs exactly one of key and uri", hint);
    } else if (artifact.key !== undefined && digestIn(artifact.key) !== artifact.sha256) {
      say("artifact-digest", ["spec", "artifact"], "key and sha256 name different digests", again);
    }
  });
  rule(() => checkFiles(document, again, say, rule));
  rule(() => {
    const { baseline } = document.spec;
    if (baseline === undefined || digestIn(baseline.key) === baseline.sha256) return;
    say("baseline-digest", ["spec", "baseline"], "key and sha256 name different digests", `${again} --baseline FILE`);
  });
  rule(() => checkTime(["spec", "provenance", "createdAt"], document.spec.provenance.createdAt, say));
  const resources = checkResources(tree, paths.versionKustomization(model, version), () => ["model-version.yaml"]);
  return [...problems, ...resources];
}

/** Files beside the artifact are where it is, each once, under their own digests. */
function checkFiles({ spec: { artifact } }: ModelVersion, again: string, say: Say, rule: Rule): void {
  const { files = [] } = artifact;
  for (const at of files.keys()) {
    const place = ["spec", "artifact", "files", at];
    rule(() => {
      const name = files[at]?.file;
      if (files.findIndex(({ file }) => file === name) === at) return;
      say("artifact-files", place, `"${name ?? ""}" is named twice`, again);
    });
    rule(() => {
      const { key: own, sha256 } = files[at] ?? {};
      if ((own === undefined) !== (artifact.key === undefined)) {
        const hint = "say `key` for each file of an artifact in the store, and for none of one by its address";
        say("artifact-place", place, "needs a key where the artifact has one, and none where it has none", hint);
      } else if (own !== undefined && digestIn(own) !== sha256) {
        say("artifact-digest", place, "key and sha256 name different digests", again);
      }
    });
  }
}

/** `sha256/<digest>/<file>` -> digest */
function digestIn(key: string): string | undefined {
  return key.split("/")[1];
}
