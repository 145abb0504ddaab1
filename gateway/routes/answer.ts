import type { Answer } from "../predict.ts";

/** Headers that say who answered, for load generators and curious people. */
export function answerHeaders(answer: Answer<unknown>): Record<string, string> {
  return {
    "x-mmsp-version": String(answer.version),
    "x-mmsp-phase": answer.phase,
    ...(answer.fallbackFrom === null ? {} : { "x-mmsp-fallback-from": String(answer.fallbackFrom) }),
  };
}
