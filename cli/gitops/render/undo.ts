import type { Change } from "../core/change.ts";
import { code } from "./safe-text.ts";

/** How to take the change back once it is merged. */
export function undoing({ verb, model, version, environment, traffic, rejection }: Change): string {
  if (verb === "register" || environment === null) {
    return `A version in the registry serves nobody until it is deployed. It is never edited, and its number never used again; ${code("mmsp gc")} removes what nothing serves.`;
  }
  const command = (words: string) => code(`mmsp ${words} --env ${environment}`);
  if (verb === "rollback") {
    const weight =
      rejection?.phase === "canary" ? traffic.before.find((share) => share.version === version)?.percent : undefined;
    const canary = weight === undefined ? "" : ` --canary ${weight}`;
    return `${command(`deploy ${model} --version ${version}${canary} --force`)} gives version ${version} another attempt as canary.`;
  }
  const [was, is] = [traffic.before, traffic.after].map((shares) => shares.find((share) => share.version === version));
  if (traffic.before.length === 0)
    return "There is no earlier version to go back to: revert the merge, or deploy another version.";
  if (was?.phase === "canary" && is?.phase === "canary") {
    const back = command(`deploy ${model} --version ${version} --canary ${was.percent}`);
    return `${back} sets the old weight; ${command(`rollback ${model}`)} takes version ${version} out.`;
  }
  const stable = traffic.before.find((share) => share.phase === "stable")?.version;
  if (is?.phase === "stable" && stable === version)
    return "Nothing that is served changes, so there is nothing to undo.";
  if (is?.phase === "stable" && stable !== undefined) {
    return `${command(`rollback ${model} --to ${stable}`)} brings version ${stable} back.`;
  }
  return `${command(`rollback ${model}`)} takes version ${version} out.`;
}
