import type { DocumentPath } from "../document.ts";
import type { Say } from "./say.ts";

/** The weights of a canary: each once, the smallest first, as it goes through them. */
export function checkSteps(path: DocumentPath, steps: readonly number[] | undefined, say: Say): void {
  if (steps?.some((step, at) => step <= (steps[at - 1] ?? 0)) !== true) return;
  say("steps-order", path, "do not ascend", "write each weight once, the smallest first, such as [5, 25, 50, 100]");
}
