import { oneLine } from "../../../schemas/plain-text.ts";

/** What the gateway of an environment says that it serves, as its `/status` has it. */
export interface LiveEnvironment {
  readonly environment: string;
  readonly address: string;
  /** What it has read last: a commit, or a digest of files; null where it does not answer. */
  readonly revision: string | null;
  readonly models: readonly LiveModel[];
  /** Why there is no answer; null where there is one. */
  readonly error: string | null;
}

export interface LiveModel {
  readonly model: string;
  readonly stable: number | null;
  readonly canary: { readonly version: number; readonly weight: number } | null;
  /** Versions that get no traffic, whatever git says so far. */
  readonly cuts: readonly { readonly version: number; readonly by: string; readonly reason: string }[];
  /** The guard's judgement of the canary, with the counts behind it; null where it has none. */
  readonly guard: string | null;
}

/** The part of a gateway's `/status` that people look at. What has another shape is left out: it is somebody else's answer. */
export function liveOf(environment: string, address: string, body: unknown): LiveEnvironment {
  const cuts = listIn(body, "cuts");
  const models = listIn(body, "models").map((route): LiveModel => {
    const model = textIn(route, "model") ?? "";
    const canary = numberIn(valueIn(route, "canary"), "version");
    const weight = numberIn(valueIn(route, "canary"), "weight") ?? 0;
    return {
      model,
      stable: numberIn(valueIn(route, "stable"), "version"),
      canary: canary === null ? null : { version: canary, weight },
      cuts: cuts.flatMap((cut) => {
        const version = textIn(cut, "model") === model ? numberIn(cut, "version") : null;
        if (version === null) return [];
        return [{ version, by: textIn(cut, "by") ?? "", reason: textIn(cut, "reason") ?? "" }];
      }),
      guard: textIn(valueIn(route, "guard"), "reason"),
    };
  });
  const revision = textIn(body, "revision");
  const error = revision === null ? "what answers there is no gateway of mmsp" : null;
  return { environment, address, revision, models, error };
}

function valueIn(record: unknown, key: string): unknown {
  return typeof record === "object" && record !== null ? (record as Record<string, unknown>)[key] : undefined;
}

function listIn(record: unknown, key: string): readonly unknown[] {
  const value = valueIn(record, key);
  return Array.isArray(value) ? value : [];
}

function textIn(record: unknown, key: string): string | null {
  const value = valueIn(record, key);
  return typeof value === "string" ? oneLine(value) : null;
}

function numberIn(record: unknown, key: string): number | null {
  const value = valueIn(record, key);
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
