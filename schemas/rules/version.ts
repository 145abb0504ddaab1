import type { ModelVersion } from "../model-version.ts";
import type { Problem } from "../problem.ts";
import { paths, type Tree } from "../tree.ts";
import { checkResources } from "./kustomization.ts";
import { problemsIn, type Say } from "./say.ts";
import { checkTime } from "./time.ts";

/** A registered version: its files have the digests that it says, and its folder can be applied. */
export function checkVersion(tree: Tree, { spec }: ModelVersion): readonly Problem[] {
  const { model, version, artifact, baseline, provenance } = spec;
  const { problems, say } = problemsIn(paths.version(model, version));
  // A version is never edited once it is merged.
  const again = `restore the document from git, or register the file anew: mmsp register ${model} --model-path FILE`;
  if ((artifact.key === undefined) === (artifact.uri === undefined)) {
    const hint = "say `key` for a file in the artifact store, or `uri` for one at an https address";
    say("artifact-place", ["spec", "artifact"], "needs exactly one of key and uri", hint);
  } else if (artifact.key !== undefined && digestIn(artifact.key) !== artifact.sha256) {
    say("artifact-digest", ["spec", "artifact"], "key and sha256 name different digests", again);
  }
  checkFiles(artifact, again, say);
  if (baseline !== undefined && digestIn(baseline.key) !== baseline.sha256) {
    say("baseline-digest", ["spec", "baseline"], "key and sha256 name different digests", `${again} --baseline FILE`);
  }
  checkTime(["spec", "provenance", "createdAt"], provenance.createdAt, say);
  const resources = checkResources(tree, paths.versionKustomization(model, version), ["model-version.yaml"]);
  return [...problems, ...resources];
}

/** Files beside the artifact are where it is, each once, under their own digests. */
function checkFiles({ key, files = [] }: ModelVersion["spec"]["artifact"], again: string, say: Say): void {
  const names = files.map(({ file }) => file);
  for (const [at, { file, key: own, sha256 }] of files.entries()) {
    const place = ["spec", "artifact", "files", at];
    if (names.indexOf(file) !== at) say("artifact-files", place, `"${file}" is named twice`, again);
    if ((own === undefined) !== (key === undefined)) {
      const hint = "say `key` for each file of an artifact in the store, and for none of one by its address";
      say("artifact-place", place, "needs a key where the artifact has one, and none where it has none", hint);
    } else if (own !== undefined && digestIn(own) !== sha256) {
      say("artifact-digest", place, "key and sha256 name different digests", again);
    }
  }
}

/** `sha256/<digest>/<file>` -> digest */
function digestIn(key: string): string | undefined {
  return key.split("/")[1];
}
