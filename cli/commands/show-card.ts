import { bytesOf } from "../../schemas/artifact.ts";
import type { ModelVersion, TensorSpec } from "../../schemas/model-version.ts";
import { oneLine } from "../../schemas/plain-text.ts";
import type { ShowOutput } from "../../schemas/output/show.ts";
import { storePath } from "../../schemas/store.ts";
import type { Context } from "../context.ts";
import type { Stretch } from "../gitops/core/history.ts";
import { size } from "../gitops/core/size.ts";
import { figure } from "../gitops/render/markdown.ts";
import type { Style } from "../style.ts";
import { foldLines, foldTable } from "../fold.ts";
import { renderFacts, renderTable } from "../table.ts";
import { timeTeller } from "../ago.ts";
import { stretchColumns, stretchRows } from "./history.ts";
import { placeText } from "./list.ts";

/** The card of a version for people: its file, what goes in and out, how good it is, where it came from, where it has been. */
export function showCard(
  output: ShowOutput,
  before: ModelVersion | null,
  stretches: readonly Stretch[] | null,
  context: Context,
): string {
  const { style, columns } = context;
  const { spec, places, notices } = output;
  const title = `${output.model} ${output.version}`;
  const where = places.map(placeText).join(", ") || "serves nowhere";
  const parts = [
    foldLines(`${style.bold(title)}  ${where}\n`, title.length + 2, columns),
    factLines(factsOf(output, context), context),
    section("Inputs", tensorTable(spec.signature.inputs, style), style),
    section("Outputs", tensorTable(spec.signature.outputs, style), style),
    metricsSection(spec, before, style),
    runSection("Params", spec.provenance.params, context),
    runSection("Tags", spec.provenance.tags, context),
    stretches === null ? null : servedSection(stretches, context),
    rejectedSection(output, context),
    foldLines(notices.map((text) => `${style.yellow("note:")} ${text}\n`).join(""), "note: ".length, columns) || null,
  ];
  return parts.filter((part) => part !== null).join("\n");
}

function section(title: string, body: string, style: Style): string {
  return `${style.bold(title)}\n${body}`;
}

type Fact = readonly [name: string, value: string];

function factsOf({ spec, store, stores }: ShowOutput, { isTerminal, now }: Context): readonly Fact[] {
  const { artifact, baseline, provenance, featureOrder, opset, irVersion, parameters } = spec;
  const { source, gitCommit, mlflowRun, mlflowVersion } = provenance;
  const when = timeTeller(isTerminal, now());
  const by = provenance.createdBy === undefined ? "" : ` by ${provenance.createdBy}`;
  const optional = (name: string, value: string | number | undefined): readonly Fact[] =>
    value === undefined ? [] : [[name, String(value)]];
  const versions = [
    opset === undefined ? "" : `opset ${opset}`,
    irVersion === undefined ? "" : `IR version ${irVersion}`,
  ];
  return [
    ["Created", `${when(provenance.createdAt)}${by}`],
    ["Digest", `sha256:${artifact.sha256}`],
    ["Size", size(bytesOf(artifact))],
    ...optional("Artifact", artifact.uri ?? (store === null ? artifact.key : storePath(store, artifact.key ?? ""))),
    ...stores
      .filter((one) => one.store !== store)
      .map((one): Fact => [`In ${one.environment}`, storePath(one.store, artifact.key ?? "")]),
    ...(artifact.files ?? []).map(({ file, sha256, sizeBytes }): Fact => {
      return ["Weights", `${file}, ${size(sizeBytes)}, sha256:${sha256}`];
    }),
    ["Framework", [spec.framework, ...versions].filter(Boolean).join(", ")],
    ...optional("Producer", spec.producer),
    ...optional("Parameters", parameters?.toLocaleString("en-US")),
    ...optional("Features", featureOrder && oneLine(featureOrder.join(", "), featureOrder.join(", ").length)),
    ...optional("Baseline", baseline && `${baseline.rows} rows, ${size(baseline.sizeBytes)}`),
    ...optional("Source", source),
    ...optional("Commit", gitCommit),
    ...optional("MLflow run", mlflowRun),
    ...optional("MLflow version", mlflowVersion && `${mlflowVersion.model} ${mlflowVersion.version}`),
  ];
}

function factLines(facts: readonly Fact[], { style, columns }: Context): string {
  return foldLines(renderFacts(facts, style), Math.max(...facts.map(([name]) => name.length)) + 2, columns);
}

/** Of the training run: params, or tags. */
function runSection(title: string, facts: Readonly<Record<string, string>> = {}, context: Context): string | null {
  const rows = Object.entries(facts).map(([name, value]): Fact => [oneLine(name), value]);
  return rows.length === 0 ? null : section(title, factLines(rows, context), context.style);
}

function tensorTable(tensors: readonly TensorSpec[], style: Style): string {
  const rows = tensors.map(({ name, datatype, shape }) => [oneLine(name), datatype, `[${shape.join(", ")}]`]);
  return renderTable(["NAME", "DATATYPE", "SHAPE"], rows, style);
}

/** Beside those of the version that was registered before it. */
function metricsSection(spec: ShowOutput["spec"], before: ModelVersion | null, style: Style): string | null {
  const [own, old] = [spec.metrics ?? {}, before?.spec.metrics ?? {}];
  const names = Object.keys(own).toSorted();
  if (names.length === 0) return null;
  const shown = (value: number | undefined) => (value === undefined ? "-" : figure(value));
  if (before === null) {
    const rows = names.map((name) => [name, shown(own[name])]);
    return section("Metrics", renderTable(["METRIC", "VALUE"], rows, style), style);
  }
  const rows = names.map((name) => {
    const [is, was] = [own[name], old[name]];
    const change = is === undefined || was === undefined ? "-" : figure(is - was, true);
    return [name, shown(is), shown(was), change];
  });
  const columns = ["METRIC", "VALUE", `VERSION ${before.spec.version}`, "CHANGE"];
  return section("Metrics", renderTable(columns, rows, style), style);
}

function servedSection(stretches: readonly Stretch[], context: Context): string {
  const { style } = context;
  if (stretches.length === 0) return section("Served", "never\n", style);
  // The version is in the title.
  const [environment, , ...columns] = stretchColumns;
  const rows = stretchRows(stretches, context).map(([env = "", , ...cells]) => [env, ...cells]);
  return section("Served", foldTable(renderTable([environment, ...columns], rows, style), context.columns), style);
}

function rejectedSection({ rejected }: ShowOutput, context: Context): string | null {
  if (rejected.length === 0) return null;
  const { style } = context;
  const when = timeTeller(context.isTerminal, context.now());
  const rows = rejected.map(({ environment, at, by, phase, attempt, reason, evidence = {} }) => [
    environment,
    when(at),
    by,
    `${phase}, attempt ${attempt}`,
    [reason, ...Object.entries(evidence).map(([name, value]) => `${name}: ${value}`)].join("; "),
  ]);
  const table = renderTable(["ENV", "WHEN", "BY", "AS", "WHY"], rows, style);
  return section("Rejected", foldTable(table, context.columns), style);
}
