import { afterEach, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { SourceState } from "../../../../gateway/core/ports.ts";
import { readArtifact, type ArtifactOptions } from "../../../../gateway/edges/source/artifact.ts";
import type { ModelVersion } from "../../../../schemas/model-version.ts";
import { ProblemError } from "../../../../schemas/problem.ts";
import { modelVersion } from "../../../support/versions.ts";

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

const folders: string[] = [];
afterEach(async () => {
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true })));
});

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
  expect(await readArtifact(document, "examples/store/", stateWith(`examples/store/${key}`))).toEqual(bytes);
});

test("a key is read from a store on disk", async () => {
  const folder = await mkdtemp(join(tmpdir(), "mmsp store-"));
  folders.push(folder);
  await mkdir(dirname(join(folder, key)), { recursive: true });
  await writeFile(join(folder, key), bytes);
  expect(await readArtifact(document, `file://${folder}`, nothing)).toEqual(bytes);
  const problem = await problemOf(readArtifact(document, `file://${folder}/none`, nothing));
  expect(problem.code).toBe("artifact-missing");
});

test("an s3 store is said to come with a cluster, and no store at all where to name one", async () => {
  expect((await problemOf(readArtifact(document, "s3://bucket/x", nothing))).message).toContain("come with a cluster");
  expect((await problemOf(readArtifact(document, null, nothing))).code).toBe("store-missing");
});

function answering(response: () => Response): ArtifactOptions {
  return { fetch: () => Promise.resolve(response()) };
}

test("an address is fetched, but not one byte more than was registered", async () => {
  expect(
    await readArtifact(
      byUri,
      null,
      nothing,
      answering(() => new Response(bytes)),
    ),
  ).toEqual(bytes);
  let sent = 0;
  const endless = (): Response =>
    new Response(
      new ReadableStream({
        pull(controller) {
          sent += 1024;
          controller.enqueue(new Uint8Array(1024));
        },
      }),
    );
  expect((await problemOf(readArtifact(byUri, null, nothing, answering(endless)))).code).toBe("artifact-size");
  expect(sent).toBeLessThan(100 * 1024);
});

test("an address that answers an error is a problem that names it", async () => {
  const problem = await problemOf(
    readArtifact(
      byUri,
      null,
      nothing,
      answering(() => new Response("no", { status: 404 })),
    ),
  );
  expect(problem.message).toBe("https://example.com/m.onnx cannot be read: the server answered 404");
});
