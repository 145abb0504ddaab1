import { afterAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { SourceState } from "../../../../gateway/core/ports.ts";
import { readArtifact, type ArtifactOptions, type Place } from "../../../../gateway/edges/source/artifact.ts";
import type { ModelVersion } from "../../../../schemas/model-version.ts";
import { ProblemError } from "../../../../schemas/problem.ts";
import { filesOf } from "../../../../schemas/artifact.ts";
import { temporaryFolder } from "../../../support/folder.ts";
import { modelVersion, sha256 } from "../../../support/versions.ts";

const bytes = new TextEncoder().encode("the model");
const document = modelVersion(bytes);
const key = document.spec.artifact.key ?? "";
const byUri: ModelVersion = {
  ...document,
  spec: {
    ...document.spec,
    artifact: { ...document.spec.artifact, key: undefined, uri: "https://example.com/m.onnx" },
  },
};

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

/** A state that has one file. */
function stateWith(path: string): SourceState {
  return {
    revision: "r",
    files: new Map(),
    readFile: (asked) => (asked === path ? Promise.resolve(bytes) : Promise.reject(new Error(`asked for ${asked}`))),
  };
}

async function problemOf(promise: Promise<unknown>): Promise<ProblemError["problems"][number]> {
  const error: unknown = await promise.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ProblemError);
  const problem = (error as ProblemError).problems[0]!;
  expect(problem.file).toBe("environments/registry/fraud/1/model-version.yaml");
  return problem;
}

const nothing = stateWith("");

test("a key is read from a store inside the repository, at the state that was followed", async () => {
  expect(await readArtifact(document, "examples/store/", stateWith(`examples/store/${key}`))).toEqual(
    Buffer.from(bytes),
  );
});

/** Hands over these pieces for whatever place, and remembers which. */
function reading(pieces: Iterable<Uint8Array>): ArtifactOptions & { readonly asked: Place[] } {
  const asked: Place[] = [];
  async function* read(place: Place): AsyncGenerator<Uint8Array, void> {
    asked.push(place);
    yield* pieces;
  }
  return { read, asked, folder: folder.path };
}

test("a key is read from a store outside the repository, an address by itself", async () => {
  const stored = reading([bytes.subarray(0, 3), bytes.subarray(3)]);
  expect(await readArtifact(document, "s3://bucket/x", nothing, stored)).toEqual(Buffer.from(bytes));
  expect(await readArtifact(byUri, null, nothing, stored)).toEqual(Buffer.from(bytes));
  expect(stored.asked).toEqual([{ store: "s3://bucket/x", key }, { uri: "https://example.com/m.onnx" }]);
});

test("without a store there is nothing to read, and it is said where to name one", async () => {
  expect((await problemOf(readArtifact(document, null, nothing))).code).toBe("store-missing");
});

test("not one piece more is taken than was registered", async () => {
  let sent = 0;
  function* endless(): Generator<Uint8Array> {
    for (;;) {
      sent += 1;
      yield bytes;
    }
  }
  expect((await problemOf(readArtifact(byUri, null, nothing, reading(endless())))).code).toBe("artifact-size");
  expect(sent).toBe(2);
});

test("what the outside says, with what can be done about it, names the place", async () => {
  const read = (): never => {
    throw Object.assign(new Error("the server answered 404"), { hint: "nothing is there" });
  };
  expect(await problemOf(readArtifact(byUri, null, nothing, { read }))).toMatchObject({
    message: "https://example.com/m.onnx cannot be read: the server answered 404",
    hint: "nothing is there",
  });
});

test("what is large is loaded from a file that only its owner can read, and held against its digest first", async () => {
  const large = { ...document.spec.artifact, sizeBytes: 65 * 1024 ** 2 };
  const heavy = { ...document, spec: { ...document.spec, artifact: large } };
  const loaded = await readArtifact(heavy, "s3://bucket", nothing, reading([bytes]));
  if (loaded instanceof Uint8Array) throw new Error("it is in memory");
  expect(statSync(loaded.path).mode & 0o077).toBe(0);
  await loaded.remove();
  const other = await problemOf(readArtifact(heavy, "s3://bucket", nothing, reading([bytes.toReversed()])));
  expect(other.code).toBe("artifact-digest");
  expect(readdirSync(folder.path)).toEqual([]);
});

describe("a model that keeps weights in files beside it", () => {
  const weights = new TextEncoder().encode("the weights");
  const beside: ModelVersion = {
    ...document,
    spec: {
      ...document.spec,
      artifact: {
        ...document.spec.artifact,
        files: [
          {
            file: "weights/layer 1.bin",
            key: `sha256/${sha256(weights)}/layer-1.bin`,
            sha256: sha256(weights),
            sizeBytes: weights.length,
          },
        ],
      },
    },
  };
  const files = (others: Uint8Array): ArtifactOptions => ({
    folder: folder.path,
    read: async function* (place) {
      yield "key" in place && place.key === key ? bytes : others;
    },
  });

  test("is put into a folder of its own, under the names that it knows them by", async () => {
    const loaded = await readArtifact(beside, "s3://bucket", nothing, files(weights));
    if (loaded instanceof Uint8Array) throw new Error("it is in memory");
    expect(readFileSync(loaded.path)).toEqual(Buffer.from(bytes));
    expect(readFileSync(join(dirname(loaded.path), "weights/layer 1.bin"))).toEqual(Buffer.from(weights));
    await loaded.remove();
    expect(readdirSync(folder.path)).toEqual([]);
  });

  test("is refused, and nothing is left behind, where one of them is another one", async () => {
    const problem = await problemOf(readArtifact(beside, "s3://bucket", nothing, files(weights.toReversed())));
    expect(problem.code).toBe("artifact-digest");
    expect(problem.message).toContain("weights/layer 1.bin");
    expect(readdirSync(folder.path)).toEqual([]);
  });

  test("by reference finds them beside its own address", async () => {
    const { key: _key, ...artifact } = beside.spec.artifact;
    const uri = "https://example.com/models/fraud.onnx?download=1";
    const referred = { ...beside, spec: { ...beside.spec, artifact: { ...artifact, uri } } };
    const asked = reading([weights]);
    await problemOf(readArtifact(referred, null, nothing, asked));
    expect(asked.asked).toEqual([{ uri }]);
    const [, other] = filesOf(referred.spec.artifact);
    expect(other?.uri).toBe("https://example.com/models/weights/layer%201.bin");
  });
});
