import { jsonLengthHeader } from "../../core/oip-body.ts";
import type { Gone, RawMessage } from "../../core/ports.ts";
import { serverMessage } from "../../core/server-infer.ts";
import type { HeaderList, Upstream, UpstreamReply } from "../../core/upstream.ts";
import { isObject } from "../../core/words.ts";

/** A reply to an inference request, whatever its status. */
export interface InferReply extends RawMessage {
  readonly status: number;
}

/** One replica of Triton, in the words of the Open Inference Protocol. All reject as `Upstream.send` does. */
export interface TritonClient {
  readonly inFlight: number;
  /**
   * Whether the server says that it is alive. That it is ready, Triton denies as soon as any one of its models could not be
   * loaded (`--strict-readiness`), which must not take the others' requests away.
   */
  isLive(deadlineMs: number): Promise<boolean>;
  /** Whether this very version answers requests. */
  hasVersion(model: string, version: number, deadlineMs: number): Promise<boolean>;
  /** Metadata of the version; null where what comes is none. */
  metadata(model: string, version: number, deadlineMs: number): Promise<unknown>;
  /** What the server says of a version that is not ready, for people. */
  whyNot(model: string, version: number, deadlineMs: number): Promise<string>;
  /**
   * Asks once: where some of the request may have reached the server, it is not sent again. A model may keep state (sequence
   * batching, a Python backend), and the gateway cannot know.
   */
  infer(model: string, version: number, request: RawMessage, deadlineMs: number, gone?: Gone): Promise<InferReply>;
  close(): Promise<void>;
}

/** `prefix`: path before `/v2`, where a proxy has put the server below one. */
export function createTritonClient(upstream: Upstream, prefix: string): TritonClient {
  const at = (model: string, version: number): string => `${prefix}/v2/models/${model}/versions/${version}`;
  const get = (path: string, deadlineMs: number): Promise<UpstreamReply> =>
    upstream.send({ method: "GET", path, headers: [], body: null, deadlineMs });
  return {
    get inFlight() {
      return upstream.inFlight;
    },
    isLive: async (deadlineMs) => (await get(`${prefix}/v2/health/live`, deadlineMs)).status === 200,
    hasVersion: async (model, version, deadlineMs) => {
      return (await get(`${at(model, version)}/ready`, deadlineMs)).status === 200;
    },
    metadata: async (model, version, deadlineMs) => {
      const { status, body } = await get(at(model, version), deadlineMs);
      return status === 200 ? parsed(body) : null;
    },
    whyNot: async (model, version, deadlineMs) => {
      const path = `${prefix}/v2/repository/index`;
      const { status, body } = await upstream.send({
        method: "POST",
        path,
        headers: [["content-type", "application/json"]],
        body: Buffer.from("{}"),
        deadlineMs,
        repeatable: true,
      });
      return status === 200 ? reasonIn(parsed(body), model, version) : serverMessage(body);
    },
    infer: (model, version, request, deadlineMs, gone) => {
      const path = `${at(model, version)}/infer`;
      const headers = headersOf(request);
      const { body } = request;
      return upstream.send({ method: "POST", path, headers, body, deadlineMs, gone }).then(inferReply);
    },
    close: () => upstream.close(),
  };
}

function inferReply({ status, headers, body }: UpstreamReply): InferReply {
  const jsonBytes = valueOf(headers, jsonLengthHeader);
  return {
    status,
    body,
    contentType: valueOf(headers, "content-type"),
    jsonBytes: jsonBytes === null ? null : Number(jsonBytes),
  };
}

const json: HeaderList = [["content-type", "application/json"]];

function headersOf({ contentType, jsonBytes }: RawMessage): HeaderList {
  if (contentType === "application/json" && jsonBytes === null) return json;
  return [
    ...(contentType === null ? [] : [["content-type", contentType] as const]),
    ...(jsonBytes === null ? [] : [[jsonLengthHeader, String(jsonBytes)] as const]),
  ];
}

function valueOf(headers: HeaderList, wanted: string): string | null {
  return headers.find((header) => header[0] === wanted)?.[1] ?? null;
}

/** Of an answer of `/v2/repository/index`. */
function reasonIn(index: unknown, model: string, version: number): string {
  const entries: readonly unknown[] = Array.isArray(index) ? index : [];
  const entry = entries.find((one) => isObject(one) && one["name"] === model && one["version"] === String(version));
  if (!isObject(entry)) return "it is not loaded there";
  const { state, reason } = entry;
  const words = [state, reason].filter((part) => typeof part === "string" && part !== "");
  return serverMessage(Buffer.from(JSON.stringify({ error: words.join(", ") })));
}

function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body)) as unknown;
  } catch {
    return null;
  }
}
