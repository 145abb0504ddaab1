import type { Signature, TensorSpec } from "../../schemas/model-version.ts";
import { describe, isObject, listNames } from "./words.ts";

/**
 * How a server's metadata of a version (Open Inference Protocol v2) differs from the registered signature, in words; null where a
 * request for the one is a request for the other. Outputs that nobody registered are nobody's; a dimension that either leaves
 * open fits any.
 */
export function signatureDifference(metadata: unknown, { inputs, outputs }: Signature): string | null {
  if (!isObject(metadata)) return `its metadata is ${describe(metadata)}, not an object`;
  return (
    differenceOf(metadata["inputs"], inputs, "input", true) ??
    differenceOf(metadata["outputs"], outputs, "output", false)
  );
}

function differenceOf(
  given: unknown,
  registered: readonly TensorSpec[],
  kind: "input" | "output",
  strict: boolean,
): string | null {
  if (!Array.isArray(given)) return `its metadata names no ${kind}s`;
  const there = new Map<unknown, Readonly<Record<string, unknown>>>();
  for (const entry of given as readonly unknown[]) if (isObject(entry)) there.set(entry["name"], entry);
  for (const spec of registered) {
    const entry = there.get(spec.name);
    if (entry === undefined) return `it has no ${kind} "${spec.name}"`;
    const { datatype, shape } = entry;
    if (datatype !== spec.datatype || !fits(shape, spec.shape)) {
      const said = `${String(datatype).slice(0, 16)} ${JSON.stringify(shape ?? null).slice(0, 60)}`;
      return `its ${kind} "${spec.name}" is ${said}, and ${spec.datatype} ${JSON.stringify(spec.shape)} was registered`;
    }
    there.delete(spec.name);
  }
  const more = [...there.keys()].map((name) => String(name).slice(0, 64));
  return strict && more.length > 0 ? `it wants ${kind}s that nobody registered: ${listNames(more)}` : null;
}

function fits(given: unknown, registered: readonly number[]): boolean {
  return (
    Array.isArray(given) &&
    given.length === registered.length &&
    registered.every((size, at) => size === -1 || given[at] === -1 || given[at] === size)
  );
}
