/** A server that speaks as Triton does where a test says nothing, and does to a request what a real one would not on demand. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { splitReply, type TensorEntry } from "./triton-wire.ts";
import type { Signature } from "../../schemas/model-version.ts";
import { linearSignature } from "./versions.ts";

export interface FakeRequest {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

/** Answers by itself; `true`: it has, or never will. Else the fake answers as Triton does. */
type Trick = (request: FakeRequest, response: ServerResponse) => boolean | Promise<boolean>;

export interface FakeTriton extends AsyncDisposable {
  readonly url: string;
  /** `model/version` to what it is loaded as. */
  readonly loaded: Map<string, Signature>;
  live: boolean;
  /** For requests to `/infer`, but for those that try a version out. */
  trick: Trick | null;
  /** For all others. */
  control: Trick | null;
  /** Probability of the first class of a row; null: the model fails on it. */
  probability: (model: string, version: number, row: readonly number[]) => number | null;
  /** Requests to `/infer` since the versions were tried out. */
  readonly inferred: FakeRequest[];
  /** Closes it to everybody; its port answers nobody. */
  stop(): Promise<void>;
}

/** `label` of every row is the version's number. */
export async function startFakeTriton(versions: readonly string[] = ["fraud/1"]): Promise<FakeTriton> {
  const loaded = new Map(versions.map((version) => [version, linearSignature()]));
  const server = createServer((request, response) => void serve(request, response));
  const fake: FakeTriton = {
    url: "",
    loaded,
    live: true,
    trick: null,
    control: null,
    probability: () => 0.25,
    inferred: [],
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
    [Symbol.asyncDispose]: () => fake.stop(),
  };

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const asked = { path: request.url ?? "", headers: request.headers, body: Buffer.concat(pieces) };
    const isInfer = asked.path.endsWith("/infer");
    const isTrial = isInfer && fake.trick === null && isMadeUp(asked);
    if (isInfer && !isTrial) fake.inferred.push(asked);
    const trick = isInfer ? fake.trick : fake.control;
    if (trick !== null && (await trick(asked, response))) return;
    answer(fake, asked, response);
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return Object.assign(fake, { url: `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}` });
}

/** The gateway tries a version with one row, in binary; tests send more. */
function isMadeUp({ headers, body }: FakeRequest): boolean {
  const jsonBytes = headers["inference-header-content-length"];
  return jsonBytes !== undefined && splitReply(body, Number(jsonBytes), "inputs").entries[0]?.shape[0] === 1;
}

export function sendJson(response: ServerResponse, status: number, body: unknown): boolean {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
  return true;
}

function answer(fake: FakeTriton, asked: FakeRequest, response: ServerResponse): void {
  const [, name = "", version = "", action] =
    /^\/v2\/models\/([^/]+)\/versions\/(\d+)(?:\/(ready|infer))?$/.exec(asked.path) ?? [];
  const signature = fake.loaded.get(`${name}/${version}`);
  if (asked.path === "/v2/health/live") response.writeHead(fake.live ? 200 : 400).end();
  else if (asked.path === "/v2/repository/index") {
    const states = [...fake.loaded.keys()].map((key) => key.split("/"));
    sendJson(
      response,
      200,
      states.map(([name, version]) => ({ name, version, state: "READY" })),
    );
  } else if (signature === undefined) {
    const error = `Request for unknown model: '${name}' version ${version} is not found`;
    sendJson(response, action === "ready" ? 400 : 404, { error });
  } else if (action === "ready") response.writeHead(200).end();
  else if (action === "infer") infer(fake, name, version, asked, response);
  else sendJson(response, 200, { name, versions: [version], platform: "onnxruntime_onnx", ...signature });
}

function infer(
  fake: FakeTriton,
  name: string,
  version: string,
  { headers, body }: FakeRequest,
  response: ServerResponse,
): void {
  const jsonBytes = Number(headers["inference-header-content-length"] ?? body.length);
  let entries: readonly TensorEntry[];
  let binary: Uint8Array;
  try {
    ({ entries, binary } = splitReply(body, jsonBytes, "inputs"));
  } catch {
    return void sendJson(response, 500, { error: "failed to parse the request JSON buffer: Missing a name. at 1" });
  }
  const [rows = 0, columns] = entries[0]?.shape ?? [];
  if (columns !== 3) {
    const error = `[request id: <id_unknown>] unexpected shape for input 'input' for model '${name}'. `;
    return void sendJson(response, 400, { error });
  }
  const labels = BigInt64Array.from({ length: rows }, () => BigInt(version));
  const values = entries[0]?.data?.flat().map(Number) ?? [...new Float32Array(new Uint8Array(binary).buffer)];
  const firsts = Array.from({ length: rows }, (_, at) =>
    fake.probability(name, Number(version), values.slice(3 * at, 3 * at + 3)),
  );
  if (firsts.includes(null)) {
    return void sendJson(response, 500, { error: "onnx runtime error 2: Non-zero status code returned" });
  }
  const scores = Float32Array.from(firsts.flatMap((first) => [Number(first), 1 - Number(first)]));
  const head = { model_name: name, model_version: version };
  const outputs = [
    { name: "label", datatype: "INT64", shape: [rows] },
    { name: "probabilities", datatype: "FP32", shape: [rows, 2] },
  ];
  if (headers["inference-header-content-length"] === undefined) {
    const data = [[...labels].map(Number), [...scores]];
    return void sendJson(response, 200, { ...head, outputs: outputs.map((one, at) => ({ ...one, data: data[at] })) });
  }
  const raw = [labels, scores];
  const json = JSON.stringify({
    ...head,
    outputs: outputs.map((one, at) => ({ ...one, parameters: { binary_data_size: raw[at]?.byteLength } })),
  });
  response.writeHead(200, {
    "content-type": "application/octet-stream",
    "Inference-Header-Content-Length": String(Buffer.byteLength(json)),
  });
  response.end(Buffer.concat([Buffer.from(json), ...raw.map(({ buffer }) => Buffer.from(buffer))]));
}
