import type { Judgement } from "./core/guard/judge.ts";
import type { RoutingTable } from "./core/route.ts";
import type { StoredCut } from "./react/ports.ts";

/** The body of `GET /status`: what is served, what is cut and how far it is, what is wrong. Holds no secrets. */
export function describeStatus(
  table: RoutingTable,
  cuts: readonly StoredCut[],
  judgement: (model: string) => Judgement | null,
  context: { readonly source: string; readonly uptimeSeconds: number; readonly alerts: boolean },
): object {
  return {
    environment: table.environment,
    revision: table.revision,
    ...context,
    models: [...table.models.values()].map((route) => ({
      model: route.model,
      stable: route.stable,
      canary: route.canary,
      loaded: [...route.loaded.values()].map(({ version, sha256, place, trialMs }) => ({
        version,
        sha256,
        place,
        trialMs,
      })),
      closed: [...route.closed].map(([version, reason]) => ({ version, reason })),
      slo: route.slo,
      guard: judgement(route.model),
    })),
    cuts: cuts.map(({ cut, state, lastError }) => ({ ...cut, state, lastError })),
    problems: table.problems,
  };
}
