import type { Answer } from "../predict.ts";
import type { AttemptPhase } from "../core/record.ts";

const made: Readonly<Record<AttemptPhase, Map<number, ResponseInit>>> = {
  stable: new Map(),
  canary: new Map(),
  explicit: new Map(),
};

/**
 * Headers that say who answered, for load generators and curious people, beside those of JSON. Made once for each version in
 * a phase, and shared by replies: the server copies headers that it has already faster than it reads them from an object.
 */
export function answerInit({ version, phase, fallbackFrom }: Answer<unknown>): ResponseInit {
  if (fallbackFrom !== null) return { headers: headersOf(version, phase, fallbackFrom) };
  const init = made[phase].get(version) ?? { headers: headersOf(version, phase, null) };
  made[phase].set(version, init);
  return init;
}

function headersOf(version: number, phase: AttemptPhase, fallbackFrom: number | null): Headers {
  return new Headers({
    "content-type": "application/json",
    "x-mmsp-version": String(version),
    "x-mmsp-phase": phase,
    ...(fallbackFrom === null ? {} : { "x-mmsp-fallback-from": String(fallbackFrom) }),
  });
}
