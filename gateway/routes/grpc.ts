import { timeoutParameterMs } from "../core/deadline.ts";
import { refuse, RequestError } from "../core/errors.ts";
import type { GrpcRequest } from "../core/grpc-call.ts";
import { decodeGrpcInfer, toInferResponse, type GrpcInfer } from "../core/grpc-infer.ts";
import { readHealthCheckRequest, writeHealthCheckResponse } from "../core/grpc/health.ts";
import * as messages from "../core/grpc/messages.ts";
import { WireError } from "../core/grpc/wire-reader.ts";
import {
  modelMetadata,
  openVersions,
  repositoryIndex,
  serverMetadata,
  versionStatistics,
} from "../core/oip-metadata.ts";
import type { LoadedModel } from "../core/ports.ts";
import { answerMetadata, requestIdOf } from "./answer.ts";
import { isReady, servedVersion, routeOf, versionNumber } from "./known-model.ts";
import type { Gateway } from "./port.ts";

/** What a method answers. */
export interface GrpcAnswer {
  readonly body: Uint8Array;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The model that a call for a prediction names; null: it is not known yet. */
export interface Asked {
  model: string | null;
  isPrediction: boolean;
}

/** Answers one call. Rejects with a RequestError for what the caller did wrong, and says in `asked` what about. */
export type GrpcMethod = (request: GrpcRequest, asked: Asked) => Promise<GrpcAnswer>;

const inferenceService = "inference.GRPCInferenceService";
const healthService = "grpc.health.v1.Health";

/** The methods that the gateway has, by their paths: of the inference protocol, and gRPC's standard health check. */
export function grpcMethods(gateway: Gateway, version: string): ReadonlyMap<string, GrpcMethod> {
  const about = (answer: (request: messages.ModelRequest) => Uint8Array): Told<messages.ModelRequest> => ({
    read: messages.readModelRequest,
    answer,
  });
  const telling = <Message>(name: string, told: Told<Message>) =>
    tellingAt(gateway, `/${inferenceService}/${name}`, `${name}Request`, told);
  const plain = (answer: () => Uint8Array): Told<void> => ({ read: messages.readNothing, answer });
  return new Map<string, GrpcMethod>([
    telling(
      "ServerLive",
      plain(() => messages.writeBool(true)),
    ),
    telling(
      "ServerReady",
      plain(() => messages.writeBool(gateway.health().isReady)),
    ),
    telling(
      "ServerMetadata",
      plain(() => messages.writeServerMetadata(serverMetadata(version))),
    ),
    telling(
      "ModelReady",
      about(({ name, version }) => messages.writeBool(isModelReady(gateway, name, named(version)))),
    ),
    telling(
      "ModelMetadata",
      about((request) => messages.writeModelMetadata(describeModel(gateway, request))),
    ),
    telling(
      "ModelStatistics",
      about((request) => messages.writeStatistics(statisticsOf(gateway, request))),
    ),
    telling("RepositoryIndex", {
      read: messages.readRepositoryIndexRequest,
      answer: ({ ready }) => messages.writeRepositoryIndex(repositoryIndex(gateway.table(), ready)),
    }),
    tellingAt(gateway, `/${healthService}/Check`, "HealthCheckRequest", {
      read: readHealthCheckRequest,
      answer: (service) => writeHealthCheckResponse(isServing(gateway, service)),
    }),
    [`/${inferenceService}/ModelInfer`, (request, asked) => inferOnce(gateway, request, asked)],
  ]);
}

/** What is not served is not ready, and no error, as Triton has it: who waits for a model asks until it is. */
function isModelReady(gateway: Gateway, model: string, version: string | undefined): boolean {
  const route = gateway.table().models.get(model);
  return route !== undefined && isReady(route, version);
}

/** What is ready answers all that it has; the empty name stands for the server. */
function isServing(gateway: Gateway, service: string): boolean {
  const known = ["", inferenceService, healthService];
  if (known.includes(service)) return gateway.health().isReady;
  const message = `there is no service ${JSON.stringify(service.slice(0, 64))}; there are ${known.slice(1).join(" and ")}`;
  throw new RequestError(404, "service-unknown", message);
}

/** A method that only tells something. */
interface Told<Message> {
  readonly read: (bytes: Uint8Array) => Message;
  readonly answer: (message: Message) => Uint8Array;
}

function tellingAt<Message>(
  gateway: Gateway,
  path: string,
  message: string,
  { read, answer }: Told<Message>,
): [string, GrpcMethod] {
  return [path, async (request) => ({ body: answer(await readAs(message, gateway, request, read)), metadata: {} })];
}

async function inferOnce(gateway: Gateway, request: GrpcRequest, asked: Asked): Promise<GrpcAnswer> {
  asked.isPrediction = true;
  const message = await readAs("ModelInferRequest", gateway, request, messages.readModelInferRequest);
  asked.model = message.modelName;
  const version = named(message.modelVersion);
  // Decoded for each version that is asked: their signatures may differ.
  const decoded = new Map<LoadedModel, GrpcInfer>();
  const { revision } = gateway.table();
  const answer = await gateway.predict({
    model: message.modelName,
    version: version === undefined ? null : versionNumber(version),
    header: request.header,
    timeoutMs: leastOf(request.timeoutMs(), timeoutParameterMs(message.parameters)),
    gone: request.gone,
    encode: (target) => {
      const infer = decodeGrpcInfer(message, target.signature, target.place === "server");
      decoded.set(target, infer);
      return infer.tensors;
    },
    decode: (target, outputs) =>
      messages.writeModelInferResponse(
        toInferResponse(target, message.id, decoded.get(target)?.outputs ?? null, outputs),
      ),
  });
  const requestId = requestIdOf({ headers: { get: request.header } });
  return { body: answer.reply, metadata: answerMetadata({ answer, requestId, revision }) };
}

/** The message of a call. Throws a RequestError where the bytes are none. */
async function readAs<Message>(
  name: string,
  gateway: Gateway,
  request: GrpcRequest,
  read: (bytes: Uint8Array) => Message,
): Promise<Message> {
  const bytes = await request.read(gateway.maxBodyBytes());
  try {
    return read(bytes);
  } catch (error) {
    if (error instanceof WireError) return refuse("message-malformed", `this is no ${name}: ${error.message}`);
    throw error;
  }
}

function describeModel(gateway: Gateway, { name, version }: messages.ModelRequest): messages.ModelMetadataResponse {
  const route = routeOf(gateway, name);
  return modelMetadata(route.model, openVersions(route), servedVersion(route, named(version)).signature);
}

/** Of one version, of all that answer where none is named, and of all models where none is. */
function statisticsOf(gateway: Gateway, { name, version }: messages.ModelRequest): readonly messages.ModelStatistics[] {
  const routes = name === "" ? [...gateway.table().models.values()] : [routeOf(gateway, name)];
  return routes.flatMap((route) => {
    const versions = named(version) === undefined ? openVersions(route) : [servedVersion(route, version).version];
    return versions.map((number) => versionStatistics(gateway.statistics, route.model, number));
  });
}

/** An empty version is none: the gateway chooses. */
function named(version: string): string | undefined {
  return version === "" ? undefined : version;
}

/** A caller may say in two places how long it waits. */
function leastOf(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b);
}
