import type { TensorSpec } from "../../schemas/model-version.ts";
import { refuse, RequestError } from "./errors.ts";
import type { TensorHead } from "./raw-tensors.ts";
import { describe, didYouMean, isObject, listNames } from "./words.ts";

/** A tensor, or the name of one, as a request says it. */
export type Entry = Readonly<Record<string, unknown>>;

/** Entries of `inputs` or `outputs` by name, in the request's order: objects, known, each once. */
export function namedEntries(
  list: readonly unknown[],
  specs: readonly TensorSpec[],
  kind: "input" | "output",
): ReadonlyMap<string, Entry> {
  const names = specs.map(({ name }) => name);
  const entries = new Map<string, Entry>();
  list.forEach((entry: unknown, at) => {
    if (!isObject(entry) || typeof entry["name"] !== "string") {
      return refuse(`${kind}-not-named`, `${kind}s[${at}] must be an object with a "name"`);
    }
    const { name } = entry;
    if (!names.includes(name)) {
      const hint = didYouMean(name, names) || `; this model has ${listNames(names)}`;
      refuse(`${kind}-unknown`, `${kind} ${listNames([name])} is unknown${hint}`);
    }
    if (entries.has(name)) refuse(`${kind}-twice`, `${kind} "${name}" is given twice`);
    entries.set(name, entry);
  });
  return entries;
}

/** Stops where an input of the signature is not among those that are given. */
export function requireInputs(specs: readonly TensorSpec[], given: { has(name: string): boolean }): void {
  const missing = specs.filter(({ name }) => !given.has(name)).map(({ name }) => name);
  if (missing.length === 0) return;
  refuse("input-missing", `${missing.length === 1 ? "input" : "inputs"} ${listNames(missing)} missing`);
}

/** An input's name, datatype and shape, as the signature has them. */
export function readHead(
  spec: TensorSpec,
  given: { readonly datatype?: unknown; readonly shape?: unknown },
): TensorHead {
  const { name, datatype } = spec;
  if (given.datatype !== datatype) {
    refuse("input-datatype", `input "${name}": expected the datatype ${datatype}, got ${describe(given.datatype)}`);
  }
  return { name, datatype, shape: readShape(spec, given.shape) };
}

function readShape(spec: TensorSpec, given: unknown): readonly number[] {
  const expected = `the shape [${spec.shape.join(", ")}]`;
  const place = `input "${spec.name}"`;
  if (!Array.isArray(given)) return refuse("input-shape", `${place}: expected ${expected}, got ${describe(given)}`);
  const shape = given as readonly unknown[];
  const fits =
    shape.length === spec.shape.length &&
    shape.every(
      (size, at) => Number.isSafeInteger(size) && (size as number) >= 0 && [-1, size].includes(spec.shape[at]),
    );
  if (!fits) refuse("input-shape", `${place}: expected ${expected}, got ${shapeText(shape)}`);
  if (shape.includes(0))
    throw new RequestError(400, "batch-empty", `${place}: the shape has no elements; give at least one row`);
  return shape as readonly number[];
}

/** As people write it; -1 is for signatures, and would read as if it were what is expected. */
function shapeText(shape: readonly unknown[]): string {
  const text = `[${shape.map((size) => JSON.stringify(size)).join(", ")}]`.slice(0, 100);
  return shape.some((size) => typeof size === "number" && size < 0) ? `${text}: say how many there are` : text;
}

/** Settings beside an inference request or one of its tensors; `place` begins the message. */
export function readParameters(entry: Entry, place: string): Entry {
  const { parameters } = entry;
  if (parameters === undefined || parameters === null) return {};
  if (isObject(parameters)) return parameters;
  return refuse("parameters-not-object", `${place}"parameters" must be an object, not ${describe(parameters)}`);
}

/** A setting that is true or false; null where nobody says. */
export function readFlag(parameters: Entry, name: string, place: string): boolean | null {
  const value = parameters[name];
  if (value === undefined) return null;
  if (typeof value === "boolean") return value;
  return refuse("parameter-not-boolean", `${place}"${name}" must be true or false, not ${describe(value)}`);
}

/** Settings that are understood but would change what is answered, and that nothing here does. */
const undone = ["classification", "shared_memory_region"] as const;

/** Stops where a setting asks for what this gateway does not do: an answer without it would be a wrong one. */
export function refuseUndone(parameters: Entry, place: string): void {
  for (const name of undone) {
    if (parameters[name] === undefined) continue;
    throw new RequestError(422, "parameter-not-supported", `${place}"${name}" is not supported here; leave it out`);
  }
}
