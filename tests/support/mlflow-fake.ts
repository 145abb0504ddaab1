/**
 * A small MLflow over real HTTP, with the replies that MLflow 3.17.2 was seen to give: versions are strings, empty lists are left
 * out, what is not there is 404 with an error_code, and the list of a folder that is not there an empty object. `bun run e2e:mlflow` runs on the real one.
 */

interface FakeVersion {
  stage: string;
  readonly run: string | null;
  readonly place: string;
  readonly tags: Map<string, string>;
}

interface FakeModel {
  readonly aliases: Map<string, string>;
  readonly versions: Map<string, FakeVersion>;
}

export interface FakeRun {
  readonly metrics?: readonly { readonly key: string; readonly value: number | string }[];
  readonly params?: Readonly<Record<string, string>>;
  readonly tags?: Readonly<Record<string, string>>;
  /** Names of the models that it logged, by id. */
  readonly models?: Readonly<Record<string, string>>;
}

export interface FakeCall {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | null;
}

export interface FakeMlflow extends Disposable {
  readonly url: string;
  readonly models: Map<string, FakeModel>;
  readonly runs: Map<string, FakeRun>;
  /** Path in the artifact store -> content. */
  readonly files: Map<string, Uint8Array | string>;
  /** Sizes that the lists tell, where they are not those of the contents. */
  readonly sizes: Map<string, number>;
  readonly calls: FakeCall[];
  /** Answers in place of the server, where it returns something. */
  hook: ((call: FakeCall) => Response | Promise<Response> | undefined) | undefined;
  /** A version with a model in its own folder, which it returns. */
  log(model: string, content: Uint8Array, version?: Partial<FakeVersion>): string;
}

const mlflow = "/api/2.0/mlflow/";
const artifacts = "/api/2.0/mlflow-artifacts/artifacts";

export function startFakeMlflow(): FakeMlflow {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", idleTimeout: 0, fetch: (request) => serve(request) });
  const fake: FakeMlflow = {
    url: `http://127.0.0.1:${server.port}`,
    models: new Map(),
    runs: new Map(),
    files: new Map(),
    sizes: new Map(),
    calls: [],
    hook: undefined,
    log(name, content, given = {}) {
      const model = fake.models.get(name) ?? { aliases: new Map(), versions: new Map() };
      fake.models.set(name, model);
      const number = String(model.versions.size + 1);
      const folder = `1/models/${name}-${number}/artifacts`;
      const place = `mlflow-artifacts:/${folder}`;
      model.versions.set(number, { stage: "None", run: null, place, tags: new Map(), ...given });
      fake.files.set(`${folder}/MLmodel`, "flavors:\n  onnx:\n    data: model.onnx\n    onnx_version: 1.23.2\n");
      fake.files.set(`${folder}/model.onnx`, content);
      fake.files.set(`${folder}/requirements.txt`, "onnx==1.23.2\n");
      return folder;
    },
    [Symbol.dispose]: () => void server.stop(true),
  };

  async function serve(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const path = decodeURIComponent(pathname);
    const call = { method: request.method, path, authorization: request.headers.get("authorization") };
    fake.calls.push(call);
    const instead = await fake.hook?.(call);
    if (instead !== undefined) return instead;
    if (path === artifacts) return Response.json(listOf(fake, searchParams.get("path") ?? ""));
    if (path.startsWith(`${artifacts}/`)) return fileOf(fake, path.slice(artifacts.length + 1));
    const given = request.method === "GET" ? Object.fromEntries(searchParams) : await request.json();
    const reply = registry(fake, `${request.method} ${path.replace(mlflow, "")}`, given as Record<string, string>);
    return reply ?? new Response("<!doctype html>\n<title>404 Not Found</title>\n", { status: 404 });
  }
  return fake;
}

function absent(message: string): Response {
  return Response.json({ error_code: "RESOURCE_DOES_NOT_EXIST", message }, { status: 404 });
}

function registry(fake: FakeMlflow, call: string, given: Readonly<Record<string, string>>): Response | undefined {
  const { name = "", version: number = "", key = "", alias = "" } = given;
  if (call === "GET runs/get") return runReply(fake, given["run_id"] ?? "");
  if (call.startsWith("GET logged-models/")) return loggedReply(fake, call.slice("GET logged-models/".length));
  if (call === "GET registered-models/search") {
    return Response.json({ registered_models: [...fake.models.keys()].map((name) => ({ name })) });
  }
  if (call === "GET model-versions/search") return Response.json(searchReply(fake, given["filter"] ?? ""));
  const model = fake.models.get(name);
  if (model === undefined) return absent(`Registered Model with name=${name} not found`);
  if (call === "GET registered-models/get") return Response.json({ registered_model: modelReply(name, model) });
  if (call === "DELETE registered-models/alias") {
    model.aliases.delete(alias);
    return Response.json({});
  }
  const version = model.versions.get(number);
  if (version === undefined) return absent(`Model Version (name=${name}, version=${number}) not found`);
  switch (call) {
    case "GET model-versions/get":
      return Response.json({ model_version: versionReply(name, number, version) });
    case "GET model-versions/get-download-uri":
      return Response.json({ artifact_uri: version.place });
    case "POST registered-models/alias":
      model.aliases.set(alias, number);
      return Response.json({});
    case "POST model-versions/set-tag":
      version.tags.set(key, given["value"] ?? "");
      return Response.json({});
    case "DELETE model-versions/delete-tag":
      version.tags.delete(key);
      return Response.json({});
    case "POST model-versions/transition-stage":
      version.stage = given["stage"] ?? "";
      return Response.json({ model_version: versionReply(name, number, version) });
    default:
      return undefined;
  }
}

function pairs(map: Iterable<readonly [string, string]>): object | undefined {
  const all = [...map].map(([key, value]) => ({ key, value }));
  return all.length === 0 ? undefined : all;
}

function versionReply(name: string, version: string, { stage, run, tags }: FakeVersion): object {
  const ids = { name, version, source: `models:/m-${version.padStart(32, "0")}`, run_id: run ?? "" };
  return { ...ids, creation_timestamp: 1795279724879, current_stage: stage, status: "READY", tags: pairs(tags) };
}

function modelReply(name: string, { aliases, versions }: FakeModel): object {
  const latest = new Map(
    [...versions].map(([number, version]) => [version.stage, versionReply(name, number, version)]),
  );
  return {
    name,
    latest_versions: latest.size === 0 ? undefined : [...latest.values()],
    aliases: aliases.size === 0 ? undefined : [...aliases].map(([alias, version]) => ({ alias, version })),
  };
}

function searchReply(fake: FakeMlflow, filter: string): object {
  const name = /^name=(['"])(.*)\1$/.exec(filter)?.[2] ?? "";
  const versions = [...(fake.models.get(name)?.versions ?? [])].toReversed();
  return versions.length === 0
    ? {}
    : { model_versions: versions.map(([number, found]) => versionReply(name, number, found)) };
}

function runReply(fake: FakeMlflow, id: string): Response {
  const run = fake.runs.get(id);
  if (run === undefined) return absent(`Run with id=${id} not found`);
  const { metrics = [], params = {}, tags = {}, models = {} } = run;
  const info = { run_id: id, artifact_uri: `mlflow-artifacts:/1/${id}/artifacts`, status: "FINISHED" };
  const data = {
    metrics: metrics.length === 0 ? undefined : metrics.map((metric) => ({ ...metric, timestamp: 1, step: 1 })),
    params: pairs(Object.entries(params)),
    tags: pairs(Object.entries(tags)),
  };
  const outputs = Object.keys(models).map((model_id) => ({ model_id, step: 0 }));
  return Response.json({
    run: { info, data, inputs: {}, outputs: outputs.length === 0 ? {} : { model_outputs: outputs } },
  });
}

function loggedReply(fake: FakeMlflow, id: string): Response {
  const [run, name] = [...fake.runs].flatMap(([run, { models = {} }]) => (id in models ? [run, models[id]] : []));
  if (run === undefined) return absent(`Logged model with ID '${id}' not found.`);
  const info = { model_id: id, name, artifact_uri: `mlflow-artifacts:/1/models/${id}/artifacts`, source_run_id: run };
  return Response.json({ model: { info, data: {} } });
}

/** Direct children only; names, not paths. */
function listOf({ files, sizes }: FakeMlflow, folder: string): object {
  const inside = [...files].filter(([path]) => path.startsWith(`${folder}/`));
  const entries = new Map<string, object>();
  for (const [path, content] of inside) {
    const [name = "", ...below] = path.slice(folder.length + 1).split("/");
    const size = sizes.get(path) ?? Buffer.byteLength(content);
    entries.set(name, { path: name, is_dir: below.length > 0, ...(below.length > 0 ? {} : { file_size: size }) });
  }
  return entries.size === 0 ? {} : { files: [...entries.values()] };
}

function fileOf({ files }: FakeMlflow, path: string): Response {
  const content = files.get(path);
  return content === undefined ? absent(`No such artifact: '${path}'`) : new Response(content);
}
