import type { Environment } from "./environment.ts";
import type { Slo } from "./fields.ts";
import type { ModelDeployment } from "./model-deployment.ts";
import type { Project } from "./project.ts";

/** Canary weights of an environment, in order: its own, the project's, 10-50-100. */
export function stepsOf(environment: Environment | null, project: Project | null): readonly number[] {
  return environment?.spec.steps ?? project?.spec.defaults?.steps ?? [10, 50, 100];
}

/** Objectives with nothing left open but what nobody asked for. */
export interface Objectives {
  readonly errorRate: number;
  readonly latencyP95Ms?: number | undefined;
  readonly drift?: number | undefined;
  readonly minRequests: number;
  readonly windowSeconds: number;
}

/** The objectives in force: the deployment's, the environment's, the project's, and where nobody says, these. */
export function sloOf(
  deployment: ModelDeployment,
  environment: Environment | null,
  project: Project | null,
): Objectives {
  const slo: Slo = { ...project?.spec.defaults?.slo, ...environment?.spec.slo, ...deployment.spec.slo };
  const { errorRate = 0.01, minRequests = 20, windowSeconds = 60, latencyP95Ms, drift } = slo;
  return { errorRate, minRequests, windowSeconds, latencyP95Ms, drift };
}

/** `90s`, `15m`, `72h`, `7d` in milliseconds. */
export function durationMs(duration: string): number {
  const units: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
  return Number(duration.slice(0, -1)) * (units[duration.slice(-1)] ?? Number.NaN);
}
