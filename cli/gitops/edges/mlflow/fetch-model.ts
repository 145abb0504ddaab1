import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseYaml } from "../../../../schemas/document.ts";
import { oneLine } from "../../../../schemas/plain-text.ts";
import { fail } from "../../../../schemas/problem.ts";
import { chooseOnnx, descriptionFile, weightFiles, type ArtifactFile } from "../../core/mlflow-artifacts.ts";
import type { FetchedModel } from "../../core/mlflow-port.ts";
import { mlflowProvenance } from "../../core/mlflow-provenance.ts";
import { parseMlflowAddress } from "../../core/mlflow-uri.ts";
import { download, listFiles, readText, servedPath } from "./artifacts.ts";
import type { MlflowClient } from "./client.ts";
import { resolveAddress } from "./resolve.ts";
import { temporaryFolder } from "../temporary.ts";

/** An MLmodel file has some kilobytes; one with an example of the input a few more. */
const maxDescriptionBytes = 1024 * 1024;

/**
 * Downloads the ONNX file of a model, and what it keeps beside it, into a temporary folder. Nothing is downloaded before it is
 * known to fit.
 */
export async function fetchModel(client: MlflowClient, address: string): Promise<FetchedModel> {
  const resolved = await resolveAddress(client, parseMlflowAddress(address));
  const source = oneLine(resolved.source, 200);
  const found = await findFiles(client, resolved.places, `reading ${source}`);
  const { folder, all } = found;
  const chosen = chooseOnnx(source, found.files, found.description);
  if ("problem" in chosen) return fail(chosen.problem);
  const temporary = temporaryFolder("mmsp-mlflow-");
  try {
    const path = join(temporary.path, chosen.file.name);
    const what = `downloading ${source}`;
    await download(client, folder, chosen.file, path, what);
    const beside = weightFiles(source, chosen.file, all, namedIn(path));
    if ("problem" in beside) return fail(beside.problem);
    for (const file of beside.files) await download(client, folder, file, join(temporary.path, file.name), what);
    const provenance = mlflowProvenance(resolved.source, resolved.run, resolved.version);
    return { path, provenance, [Symbol.dispose]: () => temporary[Symbol.dispose]() };
  } catch (error) {
    temporary[Symbol.dispose]();
    throw error;
  }
}

interface Found {
  /** Below the server's artifact store. */
  readonly folder: string;
  /** Among which the model is to be found. */
  readonly files: readonly ArtifactFile[];
  /** All of the folder. */
  readonly all: readonly ArtifactFile[];
  /** The MLmodel file, parsed; null where there is none that can be read. */
  readonly description: unknown;
}

/** The first of the places that has files. A place may also be one file. */
async function findFiles(client: MlflowClient, places: readonly string[], what: string): Promise<Found> {
  let folder = "";
  for (const place of places) {
    folder = servedPath(place, what, client.settings);
    const files = await listFiles(client, folder, what);
    if (files.length > 0)
      return { folder, files, all: files, description: await descriptionOf(client, folder, files, what) };
    const [, parent, name] = /^(.+)\/([^/]+\.onnx)$/i.exec(folder) ?? [];
    if (parent === undefined) continue;
    const all = await listFiles(client, parent, what);
    const file = all.find((file) => file.name === name);
    if (file !== undefined) return { folder: parent, files: [file], all, description: null };
  }
  return { folder, files: [], all: [], description: null };
}

async function descriptionOf(
  client: MlflowClient,
  folder: string,
  files: readonly ArtifactFile[],
  what: string,
): Promise<unknown> {
  const file = files.find(({ name }) => name === descriptionFile);
  if (file === undefined || file.sizeBytes > maxDescriptionBytes) return null;
  const text = await readText(client, `${folder}/${file.name}`, maxDescriptionBytes, what);
  return parseYaml(descriptionFile, text).value;
}

/** Whether a name stands in a file, as those of files with weights do. The file is read only where there are names to look for. */
function namedIn(path: string): (name: string) => boolean {
  let bytes: Buffer | undefined;
  return (name) => (bytes ??= readFileSync(path)).includes(name);
}
