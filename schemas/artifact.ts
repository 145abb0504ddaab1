import type { ModelVersion } from "./model-version.ts";

type Artifact = ModelVersion["spec"]["artifact"];

/** One file of a model, by key in a store or by reference. */
export interface ArtifactFile {
  /** Its path beside the others: `model.onnx`, `model.onnx.data`. */
  readonly file: string;
  readonly key?: string | undefined;
  readonly uri?: string | undefined;
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** All files of a model: its ONNX file first, then those that it keeps weights in, under the paths that it knows them by. */
export function filesOf({ files = [], ...main }: Artifact): readonly [ArtifactFile, ...ArtifactFile[]] {
  const beside = files.map(({ file, key, sha256, sizeBytes }): ArtifactFile => {
    // Of one by reference, the others lie beside it, as they did when it was exported.
    const uri = main.uri === undefined ? undefined : addressBeside(main.uri, file);
    return { file, key, uri, sha256, sizeBytes };
  });
  return [{ file: mainName(beside), ...main }, ...beside];
}

/** Bytes of all files together. */
export function bytesOf(artifact: Artifact): number {
  return filesOf(artifact).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

/** What tells one model from another: its files' digests. Where a file is kept, and what it is called there, does not. */
export interface Digests {
  readonly sha256: string;
  readonly files?: readonly { readonly file: string; readonly sha256: string }[] | undefined;
}

/** Whether two artifacts are the same model: an ONNX file that keeps its weights elsewhere says little by itself. */
export function sameArtifact(a: Digests, b: Digests): boolean {
  const [those, these] = [new Map((a.files ?? []).map(({ file, sha256 }) => [file, sha256])), b.files ?? []];
  if (a.sha256 !== b.sha256 || those.size !== these.length) return false;
  return these.every(({ file, sha256 }) => those.get(file) === sha256);
}

/** Eight hex digits of all digests, for the names of branches; of a lone file, the first eight of its own. */
export function digest8Of({ sha256, files = [] }: Digests): string {
  const digests = [sha256, ...files.map((file) => file.sha256)];
  const sum = digests.reduce((total, digest) => (total + Number.parseInt(digest.slice(0, 8), 16)) % 2 ** 32, 0);
  return sum.toString(16).padStart(8, "0");
}

/** The name that the ONNX file itself gets in a folder: nobody refers to it, so any does that no other has. */
function mainName(beside: readonly ArtifactFile[]): string {
  const taken = new Set(beside.map(({ file }) => file.split("/")[0]));
  return taken.has("model.onnx") ? "model.onnx.main" : "model.onnx";
}

/** The address of a file beside another one; what is asked for with a query is asked for without. */
export function addressBeside(uri: string, file: string): string {
  return new URL(file.split("/").map(encodeURIComponent).join("/"), uri).href;
}
