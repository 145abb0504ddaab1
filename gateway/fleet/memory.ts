import { bytesOf } from "../../schemas/artifact.ts";
import { underCuts, type Cut } from "../../schemas/cut.ts";
import { effective, servedSet } from "../../schemas/effective.ts";
import type { Problem } from "../../schemas/problem.ts";
import { paths } from "../../schemas/tree.ts";
import { backendOf } from "../core/backend.ts";
import type { Wanted } from "../core/following.ts";
import { createVersionMap, type IsLive } from "../core/version-map.ts";
import { keyOf } from "./load-version.ts";
import type { Shelf } from "./shelf.ts";
import { optionsOf } from "./step.ts";

const mebibyte = 2 ** 20;

/** A version that documents ask for. */
export interface Tenant {
  /** On the shelf. */
  readonly key: string;
  /** Of its artifact: what a runtime needs besides is small, or comes with the calls. */
  readonly bytes: number;
  /** It gets traffic: it is kept whatever it takes. Of the others, a `spare` goes before one to fall back to. */
  readonly rank: "serving" | "fallback" | "spare";
  /** A count that grows with each use; 0: nobody has asked for it by its number. Infinity: it is on its way, and let come. */
  readonly usedAt: number;
}

const order = { serving: 0, fallback: 1, spare: 2 } as const;

/**
 * The keys that stay out of memory so that the others keep within the limit: of what gets no traffic by itself, first what
 * nobody falls back to, in both the least lately used first, the larger of two that nobody has used.
 */
export function leftOut(tenants: readonly Tenant[], limitBytes: number): ReadonlySet<string> {
  const out = new Set<string>();
  const kept = new Set<string>();
  let bytes = 0;
  for (const tenant of tenants.toSorted(byWorth)) {
    if (kept.has(tenant.key)) continue;
    if (tenant.rank !== "serving" && bytes + tenant.bytes > limitBytes) {
      out.add(tenant.key);
      continue;
    }
    kept.add(tenant.key);
    bytes += tenant.bytes;
  }
  return out;
}

function byWorth(a: Tenant, b: Tenant): number {
  if (a.rank === "serving" || b.rank === "serving") return order[a.rank] - order[b.rank];
  // Whoever was asked for by name is needed now; before that, rank counts.
  if (a.usedAt !== b.usedAt) return b.usedAt - a.usedAt;
  return order[a.rank] - order[b.rank] || a.bytes - b.bytes;
}

/** When a version was asked for by its number: a count that grows; 0: never. */
export type UsedAt = (model: string, version: number) => number;

/** Remembers uses. */
export function createUses(isLive: IsLive): { note(model: string, version: number): void; readonly at: UsedAt } {
  const uses = createVersionMap(isLive, () => ({ last: 0 }));
  let count = 0;
  return {
    note: (model, version) => void (uses.of(model, version).last = ++count),
    at: (model, version) => uses.find(model, version)?.last ?? 0,
  };
}

/** What the environment's limit comes to. */
export interface Memory {
  readonly limitBytes: number;
  /** Keys of the versions that there is no room for. */
  readonly out: ReadonlySet<string>;
  /** What a version that is named may have: all but what gets traffic, and what is on its way. */
  readonly claimableBytes: number;
  readonly problems: readonly Problem[];
}

export const unlimited: Memory = { limitBytes: Infinity, out: new Set(), claimableBytes: Infinity, problems: [] };

/**
 * Who stays out of memory. What is on its way is let come, so that clients who name versions in turn get one after the other,
 * and each load is of use.
 */
export function memoryFor(
  { policy, versions, deployments }: Pick<Wanted, "policy" | "versions" | "deployments">,
  cuts: readonly Cut[],
  usedAt: UsedAt,
  find: Shelf["find"],
): Memory {
  const limitMiB = policy?.spec.gateway?.modelMemoryMib;
  // What a model server has takes no memory here.
  const backend = backendOf(policy);
  if (policy === null || limitMiB === undefined || backend.kind !== "embedded") return unlimited;
  const limitBytes = limitMiB * mebibyte;
  const tenants: Tenant[] = [];
  for (const [model, deployment] of deployments) {
    const now = underCuts(deployment, cuts);
    const { stable, canary, previous } = effective(now);
    for (const version of servedSet(now)) {
      const document = versions.get(model)?.get(version);
      if (document === undefined) continue;
      const serves = version === stable?.version || version === canary?.version;
      const rank = serves ? "serving" : version === previous[0] ? "fallback" : "spare";
      const key = keyOf(document, backend, optionsOf(deployment));
      const kind = find(key)?.kind;
      const used = kind === "queued" || kind === "coming" ? Infinity : usedAt(model, version);
      tenants.push({ key, bytes: bytesOf(document.spec.artifact), rank, usedAt: used });
    }
  }
  const out = leftOut(tenants, limitBytes);
  const isToCome = (key: string): boolean => !out.has(key) && !["here", "failed"].includes(find(key)?.kind ?? "due");
  const serving = sumOf(tenants, ({ rank }) => rank === "serving");
  const firm = sumOf(tenants, ({ rank, key }) => rank === "serving" || isToCome(key));
  const problems = serving > limitBytes ? [tooMuch(policy.metadata.name, serving, limitMiB)] : [];
  return { limitBytes, out, claimableBytes: limitBytes - firm, problems };
}

function sumOf(tenants: readonly Tenant[], which: (tenant: Tenant) => boolean): number {
  return tenants.reduce((sum, tenant) => sum + (which(tenant) ? tenant.bytes : 0), 0);
}

function tooMuch(environment: string, bytes: number, limitMiB: number): Problem {
  return {
    code: "model-memory",
    file: paths.environment(environment),
    path: "spec.gateway.modelMemoryMib",
    message: `the versions that get traffic take ${Math.ceil(bytes / mebibyte)} MiB, the limit is ${limitMiB}; they are served all the same`,
    hint: "raise the limit, or serve fewer models here",
  };
}
