import type { Judge, Phase } from "./model-deployment.ts";

/**
 * No traffic for this version in this attempt. The one record between "bad" and "committed": what it stops, what is still
 * to be committed, and what `/status` shows.
 */
export interface Cut {
  readonly environment: string;
  readonly model: string;
  readonly version: number;
  /** null where an earlier version had taken over as stable, of which the document names no attempt. */
  readonly attempt: number | null;
  readonly phase: Phase;
  readonly by: Judge;
  readonly reason: string;
  readonly evidence: Readonly<Record<string, string>>;
  /** RFC 3339, UTC. */
  readonly at: string;
}

/** Same environment, model, version and attempt: the same cut, however often it is told. */
export function cutKey(cut: Pick<Cut, "environment" | "model" | "version" | "attempt">): string {
  return `${cut.environment}/${cut.model}/${cut.version}/${cut.attempt ?? "-"}`;
}
