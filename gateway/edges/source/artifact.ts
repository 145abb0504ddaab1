import { fileURLToPath } from "node:url";
import type { ModelVersion } from "../../../schemas/model-version.ts";
import { fail, ProblemError, type Problem } from "../../../schemas/problem.ts";
import { paths } from "../../../schemas/tree.ts";
import type { SourceState } from "../../core/ports.ts";

/** Larger ones are refused: they would be held in memory twice while they load. */
const maxArtifactBytes = 2 * 1024 ** 3;

export interface ArtifactOptions {
  /** Milliseconds for an artifact by https. Default 300,000. */
  readonly timeoutMs?: number;
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

/**
 * Bytes of a registered artifact: by key from the environment's store, or by its https address. Not one byte more is read
 * than was registered; the digest is the runtime's to verify. Throws a ProblemError that names the version.
 */
export async function readArtifact(
  { spec }: ModelVersion,
  store: string | null,
  state: SourceState,
  options: ArtifactOptions = {},
): Promise<Uint8Array> {
  const { artifact } = spec;
  const say = (problem: Omit<Problem, "file">, cause?: unknown): never =>
    fail({ file: paths.version(spec.model, spec.version), path: "spec.artifact", ...problem }, { cause });
  if (artifact.sizeBytes > maxArtifactBytes) {
    say({
      code: "artifact-too-large",
      message: `has ${artifact.sizeBytes} bytes, at most ${maxArtifactBytes} are loaded`,
      hint: "export a smaller model, such as a quantised one, and register it as a new version",
    });
  }
  const place = artifact.uri ?? (store === null ? null : joinStore(store, artifact.key ?? ""));
  if (place === null) {
    const hint = "say spec.artifactStore in environments/mmsp.yaml";
    return say({ code: "store-missing", message: "there is no artifact store to read the key from", hint });
  }
  let bytes: Uint8Array;
  try {
    bytes = await readPlace(place, artifact.sizeBytes, state, options);
  } catch (error) {
    const [inner] = error instanceof ProblemError ? error.problems : [];
    const because = inner?.message ?? (error instanceof Error ? error.message : String(error));
    return say(
      {
        code: inner?.code ?? "artifact-unreadable",
        message: `${place} cannot be read: ${because}`,
        hint: inner?.hint ?? "check that the artifact is there, and that the gateway may read it",
      },
      error,
    );
  }
  if (bytes.length !== artifact.sizeBytes) {
    // Left to the digest check, which knows more to say about short files than their size.
    if (bytes.length < artifact.sizeBytes) return bytes;
    say({
      code: "artifact-size",
      message: `${place} has more than the ${artifact.sizeBytes} bytes that were registered`,
      hint: `what was registered is not what is stored: restore the file, or register a new version of ${spec.model}`,
    });
  }
  return bytes;
}

function joinStore(store: string, key: string): string {
  return `${store.replace(/\/+$/, "")}/${key}`;
}

async function readPlace(
  place: string,
  sizeBytes: number,
  state: SourceState,
  options: ArtifactOptions,
): Promise<Uint8Array> {
  if (place.startsWith("https://")) return download(place, sizeBytes, options);
  if (place.startsWith("s3://")) {
    const hint = "use a file:// store or a path inside the repository";
    return fail({ code: "store-not-supported", message: "s3 stores come with a cluster", hint });
  }
  if (!place.startsWith("file://")) return state.readFile(place);
  const file = Bun.file(fileURLToPath(place));
  if (!(await file.exists()))
    return fail({
      code: "artifact-missing",
      message: "there is no such file",
      hint: "restore it in the artifact store, or register the model again",
    });
  return file.slice(0, sizeBytes + 1).bytes();
}

/** Stops as soon as more arrives than was registered. */
async function download(url: string, sizeBytes: number, options: ArtifactOptions): Promise<Uint8Array> {
  const { timeoutMs = 300_000, fetch = globalThis.fetch } = options;
  const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
  if (!response.ok || response.body === null) throw new Error(`the server answered ${response.status}`);
  const bytes = new Uint8Array(sizeBytes + 1);
  let length = 0;
  for await (const chunk of response.body) {
    const room = chunk.subarray(0, bytes.length - length);
    bytes.set(room, length);
    length += room.length;
    if (length > sizeBytes) break;
  }
  return bytes.slice(0, length);
}
