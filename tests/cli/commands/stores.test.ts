import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { startGatewayProcess } from "../../support/gateway-process.ts";
import { startHttps, type HttpsServer } from "../../support/https.ts";
import { linearModel, weightedModel } from "../../support/models.ts";
import { encodeModel, externalData } from "../../support/onnx.ts";
import { startS3, type S3Server } from "../../support/s3.ts";
import { sha256 } from "../../support/versions.ts";
import { makeProject, type Project, type Ran } from "../run-cli.ts";

// Processes of their own take a while on a busy machine.
setDefaultTimeout(60_000);

const weighted = weightedModel({ weights: "weights/w.bin", bias: "b.bin" });
const files = new Map([["model.onnx", encodeModel(weighted)], ...externalData(weighted)]);

let s3: S3Server;
let https: HttpsServer;
beforeAll(async () => {
  s3 = await startS3("models");
  https = startHttps((request) => {
    const content = files.get(new URL(request.url).pathname.replace(/^\/team\//, ""));
    return content === undefined ? new Response("no", { status: 404 }) : new Response(Uint8Array.from(content));
  });
});
afterAll(async () => {
  https[Symbol.dispose]();
  await s3.stop();
});

const version = "environments/registry/scores/1/model-version.yaml";

/** A project with this store, and the model with its weights beside it in a folder that git ignores. */
async function projectWith(store: string): Promise<Project> {
  const project = await makeProject();
  for (const [name, content] of files) project.put(`trained/${name}`, content);
  project.put(".gitignore", "/trained/\n*.onnx\n");
  project.put("environments/mmsp.yaml", project.read("environments/mmsp.yaml").replace("artifacts", store));
  return project;
}

const run = (project: Project, ...args: readonly string[]): Promise<Ran> =>
  project.run([...args, "--local"], { ...s3.env, NODE_EXTRA_CA_CERTS: https.certificate });

async function done(ran: Promise<Ran>): Promise<string> {
  const { exitCode, stdout, stderr } = await ran;
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  return stdout;
}

/** What the gateway that follows the project answers to a row of ones. */
async function answer(project: Project): Promise<unknown> {
  const variables = { MMSP_ENV: "dev", MMSP_DIR: project.path, MMSP_DATA: join(project.path, ".mmsp/dev") };
  await using gateway = await startGatewayProcess({ ...variables, ...s3.env, NODE_EXTRA_CA_CERTS: https.certificate });
  const inputs = [{ name: "in", datatype: "FP32", shape: [1, 3], data: [1, 1, 1] }];
  const reply = await fetch(`${gateway.url}/v2/models/scores/infer`, {
    method: "POST",
    body: JSON.stringify({ inputs }),
  });
  const { outputs } = (await reply.json()) as { outputs?: readonly { data: readonly number[] }[] };
  return outputs?.[0]?.data ?? gateway.log;
}

describe("a model that keeps weights in files beside it", () => {
  test.each(["s3://models/team", "file", "artifacts"])(
    "is registered in the store %s, and served from it",
    async (kind) => {
      using project = await projectWith("artifacts");
      const store = kind === "file" ? pathToFileURL(join(project.path, ".mmsp/store")).href : kind;
      project.put("environments/mmsp.yaml", project.read("environments/mmsp.yaml").replace("artifacts", store));
      await done(run(project, "register", "scores", "--model-path", "trained/model.onnx"));
      const document = project.read(version);
      for (const [name, content] of files) {
        expect(document).toContain(`sha256: "${sha256(content)}"`);
        if (name !== "model.onnx") expect(document).toContain(`file: ${name}`);
        if (kind.startsWith("s3:")) {
          const stored = await s3.client.list({ prefix: `team/sha256/${sha256(content)}/` });
          expect(stored.contents?.map(({ size }) => size)).toEqual([content.length]);
        }
      }
      await done(run(project, "deploy", "scores", "--version", "1"));
      expect(await done(project.run(["validate"], s3.env))).toContain("are valid");
      // What the store has is enough.
      rmSync(join(project.path, "trained"), { recursive: true });
      expect(await answer(project)).toEqual([2.5, 1.5]);
    },
  );

  test("with other weights is another version, although its own file is the same", async () => {
    using project = await projectWith("artifacts");
    await done(run(project, "register", "scores", "--model-path", "trained/model.onnx"));
    expect(await done(run(project, "register", "scores", "--model-path", "trained/model.onnx"))).toContain(
      "nothing to do",
    );
    project.put("trained/b.bin", new Uint8Array(8));
    const again = await run(project, "register", "scores", "--model-path", "trained/model.onnx", "--version", "1");
    expect(again.stderr).toContain("is another file");
    expect(await done(run(project, "register", "scores", "--model-path", "trained/model.onnx"))).toContain("scores 2");
  });

  test("is promoted into an environment with a store of its own, with all of its files", async () => {
    using project = await projectWith("s3://models/shared");
    const prod = "environments/prod/environment.yaml";
    project.put(prod, `${project.read(prod).trimEnd()}\n  artifactStore: s3://models/prod\n`);
    await done(run(project, "register", "scores", "--model-path", "trained/model.onnx"));
    await done(run(project, "deploy", "scores", "--version", "1"));
    await done(run(project, "promote", "scores", "--to", "prod"));
    for (const content of files.values()) {
      const { contents = [] } = (await s3.client.list({ prefix: `prod/sha256/${sha256(content)}/` })) ?? {};
      expect(contents).toHaveLength(1);
    }
  });
});

describe("a model by its https address", () => {
  test("is looked at, recorded by digest, and served from there; nothing is copied", async () => {
    using project = await projectWith("artifacts");
    const uri = `${https.url}/team/model.onnx`;
    const digest = sha256(files.get("model.onnx")!);
    const wrote = await done(run(project, "register", "scores", "--model-path", uri, "--sha256", digest));
    expect(wrote).not.toContain("artifacts/");
    expect(project.read(version)).toContain(`uri: ${uri}`);
    await done(run(project, "deploy", "scores", "--version", "1"));
    expect(await answer(project)).toEqual([2.5, 1.5]);
  });

  test("is refused where it is another than the one that was meant, or is not there", async () => {
    using project = await projectWith("artifacts");
    const other = await run(
      project,
      "register",
      "scores",
      "--model-path",
      `${https.url}/team/model.onnx`,
      "--sha256",
      "0".repeat(64),
    );
    expect(other.exitCode).toBe(1);
    expect(other.stderr).toContain("but --sha256 says 000");
    const missing = await run(project, "register", "scores", "--model-path", `${https.url}/team/none.onnx`);
    expect(missing.stderr).toContain("the server answered 404");
    const noModel = await run(project, "register", "scores", "--model-path", `${https.url}/team/b.bin`);
    expect(noModel.stderr).toContain(`${https.url}/team/b.bin: is not an ONNX model`);
    const plain = await run(project, "register", "scores", "--model-path", "http://localhost/model.onnx");
    expect(plain.stderr).toContain("is no https address");
  });
});

test("a bucket that cannot be reached is told before anything is written", async () => {
  using project = await projectWith("s3://models");
  await project.commit();
  project.put("fraud.onnx", linearModel());
  const args = ["register", "fraud", "--model-path", "fraud.onnx", "--local"];
  const none = await project.run(args);
  expect(none.stderr).toContain("AWS_ACCESS_KEY_ID is not set");
  const secret = "the-secret-of-the-bucket";
  const env = { ...s3.env, AWS_SECRET_ACCESS_KEY: secret };
  const other = await project.run([...args, "--json"], {
    ...env,
    S3_ENDPOINT: `${s3.env["AWS_ENDPOINT_URL"]}/elsewhere`,
  });
  expect(other.exitCode).toBe(1);
  expect(other.stdout + other.stderr).not.toContain(secret);
  expect(await project.git("status", "--porcelain")).toBe("");
});
