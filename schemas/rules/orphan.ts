import type { Problem } from "../problem.ts";
import { placeOf, type Tree } from "../tree.ts";
import { problemsIn } from "./say.ts";

/** A kustomization whose document is gone. Told of the document, because that is what is missing. */
export function checkOrphans(tree: Tree): readonly Problem[] {
  return [...tree.kustomizations.keys()].flatMap((file) => {
    const folder = file.slice(0, file.lastIndexOf("/") + 1);
    const version = placeOf(`${folder}model-version.yaml`);
    if (version?.kind === "version") {
      if (tree.versions.get(version.model)?.has(Number(version.version))) return [];
      const command = `mmsp register ${version.model} --model-path FILE --version ${version.version}`;
      return missing(`${folder}model-version.yaml`, `restore it from git, register it anew: ${command}`);
    }
    const deployment = placeOf(`${folder}deployment.yaml`);
    if (deployment?.kind !== "deployment" || tree.deployments.get(deployment.environment)?.has(deployment.model))
      return [];
    return missing(`${folder}deployment.yaml`, "restore it from git");
  });
}

function missing(file: string, hint: string): readonly Problem[] {
  const { problems, say } = problemsIn(file);
  say("document-missing", [], "is not there, but its kustomization.yaml is", `${hint}, or delete the folder`);
  return problems;
}
