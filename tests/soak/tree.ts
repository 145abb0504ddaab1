/** What is served under soak: `steady`, whose stable version is swapped, and `risky`, which gets a failing canary again and again. */
import type { Environment } from "../../schemas/environment.ts";
import { failingModel, linearModel } from "../support/models.ts";
import { deploymentFiles, servingTree } from "../support/serving-tree.ts";

const since = "2026-11-20T09:12:00Z";

/** Versions of each model; they answer differently, by their biases. */
export const versionCount = 6;

/** From this first feature on, canaries fail. */
export const failsFrom = 10;

/** Every version of `risky` but the first fails. */
export const soakModels: Readonly<Record<"steady" | "risky", Readonly<Record<number, Uint8Array>>>> = {
  steady: versionsOf((bias) => linearModel({ bias })),
  risky: versionsOf((bias, version) => {
    return version === 1 ? linearModel({ bias }) : failingModel({ bias, limit: failsFrom });
  }),
};

/** `policy`: of the environment. */
export function soakTree(policy: Partial<Environment["spec"]> = {}): Record<string, string | Uint8Array> {
  const { steady, risky } = soakModels;
  return servingTree({ steady: { versions: steady }, risky: { versions: risky } }, policy);
}

function versionsOf(make: (bias: number[], version: number) => Uint8Array): Record<number, Uint8Array> {
  const numbers = Array.from({ length: versionCount }, (_, at) => at + 1);
  return Object.fromEntries(numbers.map((version) => [version, make([version / 10, 0], version)]));
}

export function steadyAt(version: number, attempt: number): Record<string, string> {
  return deploymentFiles("steady", { spec: { stable: { version, attempt, since } } });
}

/** A document that nobody can read: what was served goes on. */
export function steadyBroken(): Record<string, string> {
  const [path = ""] = Object.keys(steadyAt(1, 1)).filter((name) => !name.includes("kustomization"));
  return { [path]: "apiVersion: [\n" };
}

/** With a canary, or without one. */
export function riskyAt(canary: { readonly version: number; readonly attempt: number } | null): Record<string, string> {
  const spec = { stable: { version: 1, attempt: 1, since }, slo: { minRequests: 10 } };
  return deploymentFiles("risky", {
    spec: canary === null ? spec : { ...spec, canary: { ...canary, since, weight: 30 } },
  });
}

/** The probability of class 0 for a row, as the version must answer it. */
export function expected(version: number, [first = 0, second = 0]: readonly number[]): number {
  return 1 / (1 + Math.exp(second - first - version / 10));
}
