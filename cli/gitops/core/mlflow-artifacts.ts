import { oneLine } from "../../../schemas/plain-text.ts";
import type { Problem } from "../../../schemas/problem.ts";

/** A file in an artifact folder; of those below its subfolders MLflow tells only when asked. */
export interface ArtifactFile {
  /** Name below the folder. */
  readonly name: string;
  readonly sizeBytes: number;
}

/** Protobuf, and so an ONNX file, cannot be larger; its weights in files beside it can. */
const maxModelBytes = 2 * 1024 ** 3;
const maxDownloadBytes = 16 * 1024 ** 3;

/** The name of the file that describes a model: its flavours, and where each has its data. */
export const descriptionFile = "MLmodel";

type Chosen = { readonly file: ArtifactFile } | { readonly problem: Problem };

const onnxHint = 'log it with that flavour: mlflow.onnx.log_model(onnx_model, name="model")';

/**
 * The ONNX file of a folder: what its MLmodel file says (`description`, parsed; null where there is none), else the only
 * .onnx there is. `where`: the address that was asked for, for messages.
 */
export function chooseOnnx(where: string, files: readonly ArtifactFile[], description: unknown): Chosen {
  if (files.length === 0) {
    const message = `${where}: there are no files`;
    const hint = "look at its artifacts in MLflow's user interface, and name a folder or a file that is there";
    return { problem: { code: "mlflow-artifact-missing", message, hint } };
  }
  const flavours = childOf(description, "flavors");
  const said = childOf(childOf(flavours, "onnx"), "data");
  if (typeof said === "string") {
    const file = files.find(({ name }) => name === said);
    if (file !== undefined) return checked(where, file);
    const message = `${where}: its MLmodel file names "${oneLine(said, 80)}", which is not there`;
    return { problem: { code: "mlflow-artifact-missing", message, hint: "log the model again" } };
  }
  const models = files.filter(({ name }) => name.toLowerCase().endsWith(".onnx"));
  const [only] = models;
  if (models.length === 1 && only !== undefined) return checked(where, only);
  return { problem: models.length === 0 ? noOnnx(where, flavours) : several(where, models) };
}

function checked(where: string, file: ArtifactFile): Chosen {
  if (file.sizeBytes <= maxModelBytes) return { file };
  return { problem: tooLarge(`${where}: ${file.name} has ${gib(file.sizeBytes)}, and an ONNX file at most 2 GiB`) };
}

/** Files beside the model that it keeps weights in: those whose names stand in its bytes. */
export function weightFiles(
  where: string,
  model: ArtifactFile,
  files: readonly ArtifactFile[],
  isNamed: (name: string) => boolean,
): { readonly files: readonly ArtifactFile[] } | { readonly problem: Problem } {
  const beside = files.filter(({ name }) => name !== model.name && !isDescription(name) && isNamed(name));
  const total = [model, ...beside].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (total <= maxDownloadBytes) return { files: beside };
  return { problem: tooLarge(`${where}: its files have ${gib(total)} in all, and may have ${gib(maxDownloadBytes)}`) };
}

/** Files that MLflow writes beside every model. */
function isDescription(name: string): boolean {
  return name === descriptionFile || /\.(ya?ml|txt|json)$/.test(name);
}

export function tooLarge(message: string): Problem {
  const hint = "make the model smaller, or register the file from where it is: mmsp register NAME --model-path FILE";
  return { code: "mlflow-artifact-too-large", message, hint };
}

function noOnnx(where: string, flavours: unknown): Problem {
  const names = isRecord(flavours) ? Object.keys(flavours).map((name) => oneLine(name, 40)) : [];
  const others = names.slice(0, 5).join(", ");
  const message = `${where} has no ONNX flavour${others === "" ? ", and no .onnx file" : `, only ${others}`}`;
  return { code: "mlflow-no-onnx", message, hint: onnxHint };
}

function several(where: string, models: readonly ArtifactFile[]): Problem {
  const names = models.slice(0, 5).map(({ name }) => oneLine(name, 80));
  const message = `${where} has ${models.length} ONNX files (${names.join(", ")}), and no MLmodel file that says which`;
  const folder = where.startsWith("runs:/") ? where : "runs:/RUN_ID/path";
  const hint = `name one: ${folder}/${names[0] ?? ""}`;
  return { code: "mlflow-several-onnx", message, hint };
}

function gib(bytes: number): string {
  return `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
}

function childOf(value: unknown, key: string): unknown {
  return isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
