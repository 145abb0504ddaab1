import type { Judgement } from "./core/guard/judge.ts";
import type { RoutingTable } from "./core/route.ts";
import type { Problem } from "../schemas/problem.ts";
import type { Call } from "./react/people.ts";
import type { StoredCut } from "./core/ports.ts";

export interface StatusContext {
  readonly source: string;
  readonly uptimeSeconds: number;
  readonly alerts: boolean;
  /** Where gRPC is answered; null: nowhere. */
  readonly grpc: string | null;
  /** The model servers that it is in front of. */
  readonly servers: readonly { readonly address: string; readonly up: boolean; readonly reason: string | null }[];
  /** What is wrong with how the gateway was started. */
  readonly problems: readonly Problem[];
  readonly needsPerson: readonly Call[];
}

/** The body of `GET /status`: what is served, what is cut and how far it is, what is wrong. Holds no secrets. */
export function describeStatus(
  table: RoutingTable,
  cuts: readonly StoredCut[],
  judgement: (model: string) => Judgement | null,
  { problems, needsPerson, ...context }: StatusContext,
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
      unloaded: [...route.unloaded],
      closed: [...route.closed].map(([version, reason]) => ({ version, reason })),
      slo: route.slo,
      guard: judgement(route.model),
    })),
    cuts: cuts.map(({ cut, state, lastError }) => ({ ...cut, state, lastError })),
    needsPerson,
    problems: [...problems, ...table.problems],
  };
}
