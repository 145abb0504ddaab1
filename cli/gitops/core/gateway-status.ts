import type { Problem } from "../../../schemas/problem.ts";
import { listIn, numberIn, textIn, valueIn } from "./json-fields.ts";

/** As much of a gateway's `/status` as the CLI looks at; see gateway/status.ts. */
export interface GatewayStatus {
  readonly environment: string;
  /** What it has read last: a commit, or a digest of files. */
  readonly revision: string;
  readonly models: readonly ServedModel[];
  /** Versions that get no traffic, whatever git says so far. */
  readonly cuts: readonly GatewayCut[];
  readonly problems: readonly Problem[];
}

interface ServedModel {
  readonly model: string;
  readonly stable: { readonly version: number } | null;
  readonly canary: { readonly version: number; readonly weight: number } | null;
  /** The guard's judgement of the canary, with the counts behind it; null where it has none. */
  readonly guard: string | null;
}

interface GatewayCut {
  readonly model: string;
  readonly version: number;
  readonly attempt: number | null;
  readonly by: string;
  readonly reason: string;
}

/** What a gateway has answered, or why there is no answer, for people. */
export type GatewayAnswer = GatewayStatus | { readonly error: string };

/**
 * The body of `GET /status`. Lists that are missing are empty, and entries of another shape are left out: older and newer gateways
 * are understood. What names no environment, revision and models is no gateway's answer.
 */
export function gatewayStatusOf(body: unknown): GatewayAnswer {
  const [environment, revision] = [textIn(body, "environment"), textIn(body, "revision")];
  if (environment === null || revision === null || !Array.isArray(valueIn(body, "models"))) {
    return { error: "what answers there is no gateway of mmsp" };
  }
  return {
    environment,
    revision,
    models: listIn(body, "models").flatMap(modelOf),
    cuts: listIn(body, "cuts").flatMap(cutOf),
    problems: listIn(body, "problems").flatMap(problemOf),
  };
}

function modelOf(route: unknown): readonly ServedModel[] {
  const model = textIn(route, "model");
  if (model === null) return [];
  const [stable, canary] = [valueIn(route, "stable"), valueIn(route, "canary")];
  const [version, next] = [numberIn(stable, "version"), numberIn(canary, "version")];
  return [
    {
      model,
      stable: version === null ? null : { version },
      canary: next === null ? null : { version: next, weight: numberIn(canary, "weight") ?? 0 },
      guard: textIn(valueIn(route, "guard"), "reason"),
    },
  ];
}

function cutOf(cut: unknown): readonly GatewayCut[] {
  const [model, version] = [textIn(cut, "model"), numberIn(cut, "version")];
  if (model === null || version === null) return [];
  const [by, reason] = [textIn(cut, "by") ?? "", textIn(cut, "reason") ?? ""];
  return [{ model, version, attempt: numberIn(cut, "attempt"), by, reason }];
}

function problemOf(problem: unknown): readonly Problem[] {
  const [code, message, hint] = [textIn(problem, "code"), textIn(problem, "message"), textIn(problem, "hint")];
  if (code === null || message === null) return [];
  const [file, path] = [textIn(problem, "file"), textIn(problem, "path")];
  const [line, column] = [numberIn(problem, "line"), numberIn(problem, "column")];
  const place = Object.entries({ file, line, column, path }).filter(([, value]) => value !== null);
  return [{ code, message, hint: hint ?? "", ...Object.fromEntries(place) }];
}
