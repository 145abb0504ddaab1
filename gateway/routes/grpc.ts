import { timeoutParameterMs } from "../core/deadline.ts";
import { refuse } from "../core/errors.ts";
import type { GrpcRequest } from "../core/grpc-call.ts";
import { decodeGrpcInfer, toInferResponse, type GrpcInfer } from "../core/grpc-infer.ts";
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

/** The methods of `inference.GRPCInferenceService` that the gateway has, by name. */
export function grpcMethods(gateway: Gateway, version: string): ReadonlyMap<string, GrpcMethod> {
  const about = (answer: (request: messages.ModelRequest) => Uint8Array): Told<messages.ModelRequest> => ({
    read: messages.readModelRequest,
    answer,
  });
  const plain = (answer: () => Uint8Array): Told<void> => ({ read: messages.readNothing, answer });
  return new Map<string, GrpcMethod>([
    telling(
      gateway,
      "ServerLive",
      plain(() => messages.writeBool(true)),
    ),
    telling(
      gateway,
      "ServerReady",
      plain(() => messages.writeBool(gateway.health().isReady)),
    ),
    telling(
      gateway,
      "ServerMetadata",
      plain(() => messages.writeServerMetadata(serverMetadata(version))),
    ),
    telling(
      gateway,
      "ModelReady",
      about(({ name, version }) => messages.writeBool(isModelReady(gateway, name, named(version)))),
    ),
    telling(
      gateway,
      "ModelMetadata",
      about((request) => messages.writeModelMetadata(describeModel(gateway, request))),
    ),
    telling(
      gateway,
      "ModelStatistics",
      about((request) => messages.writeStatistics(statisticsOf(gateway, request))),
    ),
    telling(gateway, "RepositoryIndex", {
      read: messages.readRepositoryIndexRequest,
      answer: ({ ready }) => messages.writeRepositoryIndex(repositoryIndex(gateway.table(), ready)),
    }),
    ["ModelInfer", (request, asked) => inferOnce(gateway, request, asked)],
  ]);
}

/** What is not served is not ready, and no error, as Triton has it: who waits for a model asks until it is. */
function isModelReady(gateway: Gateway, model: string, version: string | undefined): boolean {
  const route = gateway.table().models.get(model);
  return route !== undefined && isReady(route, version);
}

/** A method that only tells something. */
interface Told<Message> {
  readonly read: (bytes: Uint8Array) => Message;
  readonly answer: (message: Message) => Uint8Array;
}

function telling<Message>(gateway: Gateway, name: string, { read, answer }: Told<Message>): [string, GrpcMethod] {
  return [
    name,
    async (request) => ({ body: answer(await readAs(`${name}Request`, gateway, request, read)), metadata: {} }),
  ];
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
      const infer = decodeGrpcInfer(message, target.signature);
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
