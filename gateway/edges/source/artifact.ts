import { isInRepository, storePath } from "../../../schemas/store.ts";
import type { ModelVersion } from "../../../schemas/model-version.ts";
import { fail, ProblemError, type Problem } from "../../../schemas/problem.ts";
import { paths } from "../../../schemas/tree.ts";
import { filesOf, type ArtifactFile } from "../../../schemas/artifact.ts";
import type { ModelFile, SourceState } from "../../core/ports.ts";
import { createModelFolder } from "./model-folder.ts";

/** Protobuf holds no more, so neither does an ONNX file. Weights in files of their own may have more. */
const maxModelBytes = 2 * 1024 ** 3;

/** What is larger is loaded from a file: it would otherwise be in memory twice while it loads. */
const maxBytesInMemory = 64 * 1024 ** 2;

export interface ArtifactOptions {
  /** Reads what is in a store outside the repository (`file://`, `s3://`), or by reference. Throws what people can read. */
  readonly read?: (place: Place) => AsyncIterable<Uint8Array>;
  /** Where models are put that are loaded from files. Default: the system's folder for temporary files. */
  readonly folder?: string;
}

/** A file outside the source. */
export type Place = { readonly store: string; readonly key: string } | { readonly uri: string };

type Say = (problem: Omit<Problem, "file">, cause?: unknown) => never;

/**
 * What a version is loaded from: the bytes of its file, or, where it is large or keeps weights in files beside it, copies of
 * all of them in a folder of their own, each held against its digest. Of bytes, the digest is the runtime's to verify. Not one
 * byte more is read than was registered. Throws a ProblemError that names the version.
 */
export async function readArtifact(
  { spec }: ModelVersion,
  store: string | null,
  state: SourceState,
  options: ArtifactOptions = {},
): Promise<ModelFile> {
  const { artifact } = spec;
  const say: Say = (problem, cause) =>
    fail({ file: paths.version(spec.model, spec.version), path: "spec.artifact", ...problem }, { cause });
  if (artifact.sizeBytes > maxModelBytes) {
    say({
      code: "artifact-too-large",
      message: `has ${artifact.sizeBytes} bytes, at most ${maxModelBytes} are loaded`,
      hint: "export a smaller model, such as a quantised one, and register it as a new version",
    });
  }
  const read = (file: ArtifactFile) => guarded(file, store, state, { ...options, model: spec.model, say });
  const files = filesOf(artifact);
  const [model, ...others] = files;
  if (others.length === 0 && artifact.sizeBytes <= maxBytesInMemory) {
    return Buffer.concat(await Array.fromAsync(read(model)));
  }
  const folder = await createModelFolder(options.folder ?? null);
  try {
    for (const file of files) await folder.put(file.file, verified(file, read(file), say));
  } catch (error) {
    await folder.remove();
    throw error;
  }
  return { path: folder.pathOf(model.file), remove: folder.remove };
}

interface Reading extends ArtifactOptions {
  readonly model: string;
  readonly say: Say;
}

/** The pieces of a file, and a problem that names its place where they cannot be read or are too many. */
async function* guarded(
  file: ArtifactFile,
  store: string | null,
  state: SourceState,
  { say, model, read }: Reading,
): AsyncGenerator<Uint8Array, void> {
  if (store === null && file.uri === undefined) {
    const hint = "say spec.artifactStore in environments/mmsp.yaml";
    return say({ code: "store-missing", message: "there is no artifact store to read the key from", hint });
  }
  const place = file.uri ?? storePath(store ?? "", file.key ?? "");
  let length = 0;
  try {
    for await (const piece of piecesOf(file, store ?? "", state, read)) {
      length += piece.length;
      if (length > file.sizeBytes) break;
      yield piece;
    }
  } catch (error) {
    const [inner] = error instanceof ProblemError ? error.problems : [];
    const because = inner?.message ?? (error instanceof Error ? error.message : String(error));
    const hint = inner?.hint ?? hintOf(error) ?? "check that the artifact is there, and that the gateway may read it";
    say({ code: inner?.code ?? "artifact-unreadable", message: `${place} cannot be read: ${because}`, hint }, error);
  }
  if (length <= file.sizeBytes) return;
  say({
    code: "artifact-size",
    message: `${place} has more than the ${file.sizeBytes} bytes that were registered`,
    hint: `what was registered is not what is stored: restore the file, or register a new version of ${model}`,
  });
}

async function* piecesOf(
  { uri, key = "" }: ArtifactFile,
  store: string,
  state: SourceState,
  read: ArtifactOptions["read"],
): AsyncGenerator<Uint8Array, void> {
  if (uri === undefined && isInRepository(store)) return yield await state.readFile(storePath(store, key));
  if (read === undefined) throw new Error("this gateway reads nothing outside of what it follows");
  yield* read(uri === undefined ? { store, key } : { uri });
}

/** Behind the last piece, stops where they were not those of the digest. */
async function* verified(
  { file, sha256 }: ArtifactFile,
  pieces: AsyncIterable<Uint8Array>,
  say: Say,
): AsyncGenerator<Uint8Array, void> {
  const hash = new Bun.CryptoHasher("sha256");
  for await (const piece of pieces) {
    hash.update(piece);
    yield piece;
  }
  const digest = hash.digest("hex");
  if (digest === sha256) return;
  say({
    code: "artifact-digest",
    message: `${file} has the digest ${digest}, not ${sha256}`,
    hint: "what was registered is not what is stored: restore the file, or register a new version",
  });
}

/** What the outside says can be done about it. */
function hintOf(error: unknown): string | null {
  return error instanceof Error && "hint" in error && typeof error.hint === "string" ? error.hint : null;
}
