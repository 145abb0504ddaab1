/** A repository whose models in dev have canaries, or what keeps them from being promoted. */
import type { PromoteAllCommand } from "../../../cli/gitops/core/promote-all.ts";
import { paths } from "../../../schemas/tree.ts";
import { deployment, sampleFiles, since } from "./documents.ts";

export const inDev: PromoteAllCommand = { verb: "promote", environment: "dev", to: null };

export const canary = `  canary: {version: 3, attempt: 6, since: "${since}", weight: 10}\n`;
export const lock = `  lock: {reason: audit, by: ann, at: "${since}"}\n`;
export const rejected = `  rejected: [{version: 3, attempt: 6, at: "${since}", phase: canary, by: guard, reason: slow}]\n`;

/** A repository with these models in dev: what stands in each deployment besides `stable: 2`. */
export function filesWith(models: Readonly<Record<string, string>>): Record<string, string> {
  const files = sampleFiles(Object.keys(models));
  for (const [model, more] of Object.entries(models)) {
    files[paths.deployment("dev", model)] = deployment(model) + more;
    const kustomization = paths.deploymentKustomization("dev", model);
    const serves = more.includes("canary") && !more.includes("rejected");
    if (serves) files[kustomization] = files[kustomization]?.replace("]", `, ../../../registry/${model}/3]`) ?? "";
  }
  return files;
}
