/**
 * Builds every kustomization under environments/ with the real `kustomize` or `kubectl kustomize`, as Argo CD will.
 * Where neither is installed it says so and passes, unless CI is set: there, one must be.
 */
import { Glob } from "bun";
import { dirname } from "node:path";

const builder = Bun.which("kustomize")
  ? ["kustomize", "build"]
  : Bun.which("kubectl")
    ? ["kubectl", "kustomize"]
    : null;

if (builder === null) {
  const required = process.env["GITHUB_ACTIONS"] === "true";
  process.stdout.write(
    `neither kustomize nor kubectl is installed: kustomizations were ${required ? "NOT" : "not"} built\n`,
  );
  process.exitCode = required ? 1 : 0;
} else {
  const folders = [...new Glob("environments/**/kustomization.yaml").scanSync(".")]
    .map((path) => dirname(path))
    .toSorted();
  for (const folder of folders) {
    const built = Bun.spawnSync([...builder, folder]);
    if (built.exitCode === 0 && built.stdout.toString().includes("kind: Model")) continue;
    process.stderr.write(`${folder}: ${built.stderr.toString()}\n`);
    process.exitCode = 1;
  }
  process.stdout.write(`${folders.length} kustomizations were built with ${builder.join(" ")}\n`);
  if (folders.length === 0) process.exitCode = 1;
}
