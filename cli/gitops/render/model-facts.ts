import type { ModelVersion, Signature, TensorSpec } from "../../../schemas/model-version.ts";
import { bytesOf } from "../../../schemas/artifact.ts";
import { keysOf, same, valueAt } from "./compare.ts";
import { verdictOn } from "./metric-direction.ts";
import { size } from "../core/size.ts";
import { figure, list, table } from "./markdown.ts";
import { code } from "./safe-text.ts";

/** What is in the model file of a version, as a table; `from`: a version to compare with. */
export function factsTable({ spec }: ModelVersion, from: ModelVersion | null): string {
  const { artifact, opset, irVersion, producer, parameters, provenance, baseline } = spec;
  const { source, gitCommit, createdBy, mlflowRun, mlflowVersion } = provenance;
  const optional = (name: string, value: string | number | undefined) =>
    value === undefined ? null : [name, code(String(value), "cell")];
  const before = from?.spec;
  /** With what it was in the other version, where that was something else. */
  const compared = <T>(name: string, now: T | undefined, was: T | undefined, show: (value: T) => string) => {
    if (now === undefined) return null;
    const past = before === undefined || was === undefined ? "" : ` (version ${before.version}: ${show(was)})`;
    return [name, `${show(now)}${was === undefined || show(was) === show(now) ? "" : past}`];
  };
  const text = (value: string | number): string => code(String(value), "cell");
  return table(
    ["", `${spec.model} ${spec.version}`],
    [
      ["Digest", code(`sha256:${artifact.sha256}`, "cell")],
      compared("Size", bytesOf(artifact), before && bytesOf(before.artifact), size),
      optional("File", artifact.key?.split("/").at(-1)),
      optional("Referred to at", artifact.uri),
      ...weightRows(artifact.files ?? []),
      compared("Parameters", parameters, before?.parameters, (count) => count.toLocaleString("en-US")),
      compared("Opset", opset, before?.opset, text),
      compared("IR version", irVersion, before?.irVersion, text),
      compared("Producer", producer, before?.producer, text),
      baseline ? ["Baseline", `${baseline.rows} rows, ${size(baseline.sizeBytes)}`] : null,
      optional("Source", source),
      optional("Commit", gitCommit),
      optional("MLflow run", mlflowRun),
      optional("MLflow version", mlflowVersion && `${mlflowVersion.model} ${mlflowVersion.version}`),
      ["Created", `${provenance.createdAt}${createdBy === undefined ? "" : ` by ${code(createdBy, "cell")}`}`],
    ],
  );
}

/** A pull request's body has its limits; the document names all of them. */
const maxWeightRows = 8;

function weightRows(files: NonNullable<ModelVersion["spec"]["artifact"]["files"]>): readonly (readonly string[])[] {
  const rows = files.slice(0, maxWeightRows).map(({ file, sha256, sizeBytes }) => {
    return ["Weights", `${code(file, "cell")}, ${size(sizeBytes)}, ${code(`sha256:${sha256}`, "cell")}`];
  });
  const more = files.length - rows.length;
  return more === 0 ? rows : [...rows, ["Weights", `and ${more} files more`]];
}

/** All inputs and outputs of a version. */
export function signatureList({ spec: { signature } }: ModelVersion): string {
  return list([...tensors("input", signature.inputs), ...tensors("output", signature.outputs)]);
}

/** Inputs and outputs that another version of the model has besides, lacks, or has otherwise. */
export function signatureDifference(from: ModelVersion | null, to: ModelVersion): string {
  if (from === null) return signatureList(to);
  const changes = (["inputs", "outputs"] as const).flatMap((side) =>
    sideDifference(side, from.spec.signature, to.spec.signature),
  );
  if (changes.length === 0) return `Unchanged from version ${from.spec.version}.`;
  return `Against version ${from.spec.version}:\n\n${list(changes)}`;
}

function tensors(kind: string, specs: readonly TensorSpec[]): string[] {
  return specs.map((spec) => `${kind} ${code(spec.name)}: ${typeOf(spec)}`);
}

function typeOf({ datatype, shape }: TensorSpec): string {
  return code(`${datatype} [${shape.join(", ")}]`);
}

function sideDifference(side: "inputs" | "outputs", from: Signature, to: Signature): string[] {
  const kind = side === "inputs" ? "input" : "output";
  const old = new Map(from[side].map((spec) => [spec.name, spec]));
  const names = new Set(to[side].map(({ name }) => name));
  const arrived = to[side].flatMap((spec) => {
    const was = old.get(spec.name);
    if (was === undefined) return [`added ${kind} ${code(spec.name)}: ${typeOf(spec)}`];
    return same(was, spec) ? [] : [`changed ${kind} ${code(spec.name)}: ${typeOf(was)} → ${typeOf(spec)}`];
  });
  const gone = from[side].filter(({ name }) => !names.has(name));
  return [...arrived, ...gone.map((spec) => `removed ${kind} ${code(spec.name)}: ${typeOf(spec)}`)];
}

/** Metrics of a version beside those of another, with the difference and its direction; null where there are none. */
export function metricsTable(from: ModelVersion | null, to: ModelVersion): string | null {
  const [old, now] = [from?.spec.metrics ?? {}, to.spec.metrics ?? {}];
  const names = [...new Set([...keysOf(now), ...keysOf(old)])];
  if (names.length === 0) return null;
  const cell = (value: number | undefined, signed = false) => (value === undefined ? "" : figure(value, signed));
  if (from === null)
    return table(
      ["Metric", `Version ${to.spec.version}`],
      names.map((name) => [code(name, "cell"), cell(now[name])]),
    );
  const rows = names.map((name) => {
    const [was, is] = [valueAt(old, name), valueAt(now, name)] as (number | undefined)[];
    const difference = was === undefined || is === undefined ? undefined : is - was;
    const verdict = difference === undefined ? null : verdictOn(name, difference);
    return [code(name, "cell"), cell(was), cell(is), [cell(difference, true), verdict].filter(Boolean).join(", ")];
  });
  return table(["Metric", `Version ${from.spec.version}`, `Version ${to.spec.version}`, "Difference"], rows);
}
