/**
 * A Triton that is made up, and answers as the models of the fuzzer would. It reads its connections strictly: what a gateway sends
 * besides the few headers that are its own to send, one of its callers has got through.
 */
import { createServer } from "node:net";
import { peerOf } from "../../support/raw-server.ts";
import { NoJson, packed, readInfer, type Asked } from "./asked.ts";
import { jsonLengthHeader } from "./binary.ts";
import { outputsFor, servedVersions, signatures, type Element } from "./models.ts";

export interface MadeUpTriton extends AsyncDisposable {
  readonly url: string;
  /** What came over its connections and should not have; the first of many. */
  readonly complaints: readonly string[];
  /** Requests for inference so far. */
  readonly inferred: number;
}

const mostTold = 20;

export async function startMadeUpTriton(): Promise<MadeUpTriton> {
  const complaints: string[] = [];
  let inferred = 0;
  const server = createServer({ noDelay: true }, (socket) => {
    const peer = peerOf(socket);
    const play = async (): Promise<never> => {
      for (;;) {
        const { complaint, path, jsonLength, body } = parsed(await peer.request());
        if (complaint !== null && complaints.length < mostTold) complaints.push(complaint);
        if (path.endsWith("/infer")) inferred++;
        // Replies that do not come in the order of their requests.
        if (inferred % 3 === 0) await Bun.sleep(1);
        peer.send(answer(path, body, jsonLength));
      }
    };
    // Whoever has gone has gone.
    play().catch(() => undefined);
    sockets.add(peer);
    void peer.gone.then(() => sockets.delete(peer));
  });
  const sockets = new Set<ReturnType<typeof peerOf>>();
  const { promise: listening, resolve } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", resolve);
  await listening;
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`,
    complaints,
    get inferred() {
      return inferred;
    },
    async [Symbol.asyncDispose]() {
      const { promise: closed, resolve: close } = Promise.withResolvers<void>();
      server.close(() => close());
      for (const peer of sockets) peer.reset();
      await closed;
    },
  };
}

interface Parsed {
  readonly complaint: string | null;
  readonly path: string;
  readonly jsonLength: string | null;
  readonly body: Buffer;
}

/** All that a gateway has to say. */
const known = new Set(["host", "content-type", "content-length", jsonLengthHeader]);
const requestLine =
  /^(?:GET|POST) \/v2\/(?:health\/live|repository\/index|models\/\w+\/versions\/\d(?:\/ready|\/infer)?) HTTP\/1\.1$/;

/** `request` in Latin-1. */
function parsed(request: string): Parsed {
  const headEnd = request.indexOf("\r\n\r\n");
  const [line = "", ...lines] = request.slice(0, headEnd).split("\r\n");
  const headers = lines.map((one) => /^([\w-]+): (.*)$/.exec(one)?.slice(1) ?? [one, ""]);
  const names = headers.map(([name = ""]) => name.toLowerCase());
  const isSound =
    requestLine.test(line) && names.every((name) => known.has(name)) && new Set(names).size === names.length;
  return {
    complaint: isSound ? null : `the model server got ${JSON.stringify(request.slice(0, Math.min(headEnd, 1000)))}`,
    path: line.split(" ")[1] ?? "",
    jsonLength: headers[names.indexOf(jsonLengthHeader)]?.[1] ?? null,
    body: Buffer.from(request.slice(headEnd + 4), "latin1"),
  };
}

function answer(path: string, body: Buffer, jsonLength: string | null): Buffer {
  const [, model = "", version = "", action] = /\/models\/(\w+)\/versions\/(\d)(?:\/(ready|infer))?$/.exec(path) ?? [];
  if (path === "/v2/health/live") return reply(200, "");
  if (path === "/v2/repository/index") {
    const all = servedVersions.map((one) => one.split("/"));
    return reply(200, JSON.stringify(all.map(([name, version]) => ({ name, version, state: "READY" }))));
  }
  if (!servedVersions.includes(`${model}/${version}`)) return refusal(action === "infer" ? 404 : 400, "unknown model");
  if (action === "ready") return reply(200, "");
  if (action !== "infer") {
    const signature = signatures.get(model);
    return reply(200, JSON.stringify({ name: model, versions: [version], platform: "made up", ...signature }));
  }
  try {
    const asked = readInfer(model, body, jsonLength);
    const outputs = outputsFor(model, Number(version), asked.inputs);
    return outputs === null
      ? refusal(500, "Non-zero status code returned")
      : inferReply(model, version, asked, outputs);
  } catch (error) {
    return refusal(error instanceof NoJson ? 500 : 400, String(error));
  }
}

function inferReply(
  model: string,
  version: string,
  { id, rows, outputs: wanted }: Asked,
  values: ReadonlyMap<string, readonly Element[]>,
): Buffer {
  const specs = signatures.get(model)?.outputs ?? [];
  const binary: Buffer[] = [];
  const outputs = wanted.map((output) => {
    const { name } = output;
    const { datatype = "FP32", shape = [-1] } = specs.find((spec) => spec.name === name) ?? {};
    const elements = values.get(name) ?? [];
    const head = { name, datatype, shape: shape.with(0, rows) };
    if (!output.binary) return written({ ...head, data: "DATA" }, elements);
    const bytes = packed(datatype, elements);
    binary.push(bytes);
    return JSON.stringify({ ...head, parameters: { binary_data_size: bytes.length } });
  });
  const said = JSON.stringify({ ...(id === null ? {} : { id }), model_name: model, model_version: version });
  const json = Buffer.from(`${said.slice(0, -1)},"outputs":[${outputs.join()}]}`);
  return binary.length === 0 ? reply(200, json) : reply(200, Buffer.concat([json, ...binary]), json.length);
}

/** As Triton writes numbers: whole ones of 64 bits in full, and those that are not finite by their names. */
function written(entry: object, elements: readonly Element[]): string {
  const data = elements.map((element) => (typeof element === "string" ? JSON.stringify(element) : String(element)));
  return JSON.stringify(entry).replace('"DATA"', () => `[${data.join()}]`);
}

function refusal(status: number, error: string): Buffer {
  return reply(status, JSON.stringify({ error }));
}

function reply(status: number, body: string | Buffer, jsonLength: number | null = null): Buffer {
  const bytes = Buffer.from(body);
  const type = jsonLength === null ? "application/json" : "application/octet-stream";
  const length = jsonLength === null ? "" : `Inference-Header-Content-Length: ${jsonLength}\r\n`;
  const head = `HTTP/1.1 ${status} Said\r\nContent-Type: ${type}\r\n${length}Content-Length: ${bytes.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), bytes]);
}
