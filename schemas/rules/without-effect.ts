import type { Problem } from "../problem.ts";
import { paths, type Tree } from "../tree.ts";
import { problemsIn } from "./say.ts";

/**
 * What documents set and nobody heeds. Nothing is wrong with it, for the same document may be promoted to where it is heeded;
 * but whoever has set it should know.
 */
export function settingsWithoutEffect({
  environments,
  deployments,
}: Pick<Tree, "environments" | "deployments">): readonly Problem[] {
  return [...environments].flatMap(([name, { spec }]) => {
    if (spec.backend !== "triton") return [];
    const { problems, say } = problemsIn(paths.environment(name));
    if (spec.gateway?.modelMemoryMib !== undefined) {
      const message = "has no effect: with the backend triton, models are in the memory of Triton";
      say("setting-without-effect", ["spec", "gateway", "modelMemoryMib"], message, "remove it");
    }
    const others = [...(deployments.get(name) ?? [])].flatMap(([model, deployment]) => {
      const { problems, say } = problemsIn(paths.deployment(name, model));
      for (const option of Object.keys(deployment.spec.serving ?? {})) {
        if (option === "timeoutMs") continue;
        const message = "has no effect: with the backend triton, Triton opens the model";
        say(
          "setting-without-effect",
          ["spec", "serving", option],
          message,
          "set it in config.pbtxt of the model there",
        );
      }
      return problems;
    });
    return [...problems, ...others];
  });
}
