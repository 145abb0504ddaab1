import type { ModelVersion, TensorSpec } from "../../../schemas/model-version.ts";

/** What the clients of a version rely on. */
export type Contract = Pick<ModelVersion["spec"], "signature" | "featureOrder">;

/** How a version differs from the one that clients were written for, one line each, for people. */
export interface SignatureChange {
  /** Requests made for the old version would be refused or misread by the new one, or its answers would be misread. */
  readonly breaks: readonly string[];
  /** Differences that break nobody. */
  readonly widens: readonly string[];
}

/**
 * What changes for the clients of `from` when `to` answers them. Names count, the order of tensors does not. An input may take
 * more than before and an output may be added; everything else breaks somebody. An output whose dimension the file leaves open
 * says nothing about its size, so only one fixed size after another is told.
 */
export function signatureChange(from: Contract, to: Contract): SignatureChange {
  const inputs = paired(from.signature.inputs, to.signature.inputs);
  const outputs = paired(from.signature.outputs, to.signature.outputs);
  const features = featureChange(from, to);
  return {
    breaks: [
      ...inputs.gone.map((spec) => `input ${named(spec)} is gone`),
      ...inputs.renamed.map(([was, is]) => `input "${was.name}" is called "${is.name}" now`),
      ...inputs.added.map((spec) => `input ${named(spec)} is new, and requests do not have it`),
      ...inputs.same.flatMap(([was, is]) => tensorBreaks("input", was, is, (old, now) => now === -1 || now === old)),
      ...features.breaks,
      ...outputs.gone.map((spec) => `output ${named(spec)} is gone`),
      ...outputs.renamed.map(([was, is]) => `output "${was.name}" is called "${is.name}" now`),
      ...outputs.same.flatMap(([was, is]) =>
        tensorBreaks("output", was, is, (old, now) => now === -1 || old === -1 || now === old),
      ),
    ],
    widens: [
      ...inputs.same.flatMap(([was, is]) => opened("input", was, is)),
      ...features.widens,
      ...outputs.added.map((spec) => `output ${named(spec)} is new`),
      ...outputs.same.flatMap(([was, is]) => opened("output", was, is)),
    ],
  };
}

/** Tensors of both versions by name. One that left and one of the same kind that came are taken for a new name. */
interface Pairs {
  readonly same: readonly (readonly [TensorSpec, TensorSpec])[];
  readonly renamed: readonly (readonly [TensorSpec, TensorSpec])[];
  readonly gone: readonly TensorSpec[];
  readonly added: readonly TensorSpec[];
}

function paired(from: readonly TensorSpec[], to: readonly TensorSpec[]): Pairs {
  const now = new Map(to.map((spec) => [spec.name, spec]));
  const before = new Set(from.map(({ name }) => name));
  const added = to.filter(({ name }) => !before.has(name));
  const same: [TensorSpec, TensorSpec][] = [];
  const renamed: [TensorSpec, TensorSpec][] = [];
  const gone: TensorSpec[] = [];
  for (const spec of from) {
    const is = now.get(spec.name);
    const successor = is === undefined ? added.findIndex((other) => typeOf(other) === typeOf(spec)) : -1;
    const [renamedTo] = successor === -1 ? [] : added.splice(successor, 1);
    if (is !== undefined) same.push([spec, is]);
    else if (renamedTo !== undefined) renamed.push([spec, renamedTo]);
    else gone.push(spec);
  }
  return { same, renamed, gone, added };
}

function tensorBreaks(
  side: "input" | "output",
  was: TensorSpec,
  is: TensorSpec,
  fits: (old: number, now: number) => boolean,
): string[] {
  const datatype =
    was.datatype === is.datatype ? [] : [`${side} "${is.name}" is ${is.datatype} instead of ${was.datatype}`];
  const fit = was.shape.length === is.shape.length && was.shape.every((old, at) => fits(old, is.shape[at] ?? -1));
  return fit ? datatype : [...datatype, `${side} "${is.name}" has the shape ${shapeOf(is)} instead of ${shapeOf(was)}`];
}

/** Dimensions that were fixed, or the other way round of an output, where nothing else about the shape differs. */
function opened(side: "input" | "output", was: TensorSpec, is: TensorSpec): string[] {
  if (was.shape.length !== is.shape.length) return [];
  const differs = was.shape.some((old, at) => old !== is.shape[at]);
  const fits = was.shape.every((old, at) => {
    const now = is.shape[at];
    return old === now || now === -1 || (side === "output" && old === -1);
  });
  return differs && fits ? [`${side} "${is.name}" has the shape ${shapeOf(is)} after ${shapeOf(was)}`] : [];
}

/** Rows come as lists in this order, or as objects by these names. Without an order, only lists were understood. */
function featureChange(from: Contract, to: Contract): SignatureChange {
  const [was, is] = [from.featureOrder, to.featureOrder];
  if (is === undefined) {
    return {
      breaks: was === undefined ? [] : ["rows by the names of features are not understood any more"],
      widens: [],
    };
  }
  if (was === undefined) return { breaks: [], widens: ["rows may name their features"] };
  const gone = was.filter((name) => !is.includes(name));
  const added = is.filter((name) => !was.includes(name));
  const moved = was.length === is.length ? was.findIndex((name, at) => name !== is[at]) : -1;
  const misread =
    `column ${moved + 1} of a row is "${is[moved] ?? ""}" where it was "${was[moved] ?? ""}": ` +
    "rows sent as lists are taken without an error and mean something else";
  return {
    breaks: [
      ...gone.map((name) => `feature "${name}" is gone`),
      ...added.map((name) => `feature "${name}" is new, and rows do not have it`),
      ...(moved === -1 ? [] : [misread]),
      ...columnsElsewhere(from, to),
    ],
    widens: [],
  };
}

/** The names are those of the first input's columns. */
function columnsElsewhere(from: Contract, to: Contract): string[] {
  const [was, is] = [from.signature.inputs[0]?.name, to.signature.inputs[0]?.name];
  const known = to.signature.inputs.some(({ name }) => name === was);
  if (was === is || !known) return [];
  return [`the features are the columns of input "${is ?? ""}" instead of "${was ?? ""}"`];
}

function named(spec: TensorSpec): string {
  return `"${spec.name}" (${typeOf(spec)})`;
}

function typeOf(spec: TensorSpec): string {
  return `${spec.datatype} ${shapeOf(spec)}`;
}

function shapeOf({ shape }: TensorSpec): string {
  return `[${shape.join(", ")}]`;
}
