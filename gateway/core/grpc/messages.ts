import { readContents, type TypedContents } from "./contents.ts";
import { WireError, WireReader } from "./wire-reader.ts";
import { WireWriter } from "./wire-writer.ts";

/**
 * Messages of `inference.GRPCInferenceService`, from and to their bytes; inference.proto says what each field is. Fields that
 * are not known are stepped over, as protobuf has it. Decoders throw a WireError.
 */

/** More inputs, outputs, dimensions or parameters than any model has: each takes far more memory here than on the wire. */
const maxEntries = 4096;

/** ModelReadyRequest, ModelMetadataRequest and ModelStatisticsRequest. */
export interface ModelRequest {
  readonly name: string;
  /** Empty: the gateway chooses. */
  readonly version: string;
}

/** By name: what a request or a tensor says besides. */
export type Parameters = Readonly<Record<string, boolean | number | string>>;

export interface InferInput {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly parameters: Parameters;
  /** What the message holds of its elements; none where they are in the raw contents. */
  readonly contents: readonly TypedContents[];
}

export interface RequestedOutput {
  readonly name: string;
  readonly parameters: Parameters;
}

export interface ModelInferRequest {
  readonly modelName: string;
  readonly modelVersion: string;
  readonly id: string;
  readonly parameters: Parameters;
  readonly inputs: readonly InferInput[];
  readonly outputs: readonly RequestedOutput[];
  /** One of each input, in their order; or none. */
  readonly raw: readonly Uint8Array[];
}

export interface TensorMetadata {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
}

export interface ModelInferResponse {
  readonly modelName: string;
  readonly modelVersion: string;
  readonly id: string;
  readonly outputs: readonly (TensorMetadata & { readonly raw: Uint8Array })[];
}

export interface ServerMetadata {
  readonly name: string;
  readonly version: string;
  readonly extensions: readonly string[];
}

export interface ModelMetadataResponse {
  readonly name: string;
  readonly versions: readonly string[];
  readonly platform: string;
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
}

export interface ModelIndex {
  readonly name: string;
  readonly version: string;
  readonly state: string;
  readonly reason: string;
}

/** How many, and how long all of them took together. */
interface StatisticDuration {
  readonly count: number;
  readonly ns: number;
}

export interface ModelStatistics {
  readonly name: string;
  readonly version: string;
  readonly last_inference: number;
  readonly inference_count: number;
  readonly execution_count: number;
  readonly inference_stats: Readonly<Record<(typeof durations)[number], StatisticDuration>>;
}

/** Fields of InferStatistics, in the order of their numbers. */
const durations = [
  "success",
  "fail",
  "queue",
  "compute_input",
  "compute_infer",
  "compute_output",
  "cache_hit",
  "cache_miss",
] as const;

/** Of a message without fields that matter here; refuses what is no protobuf. */
export function readNothing(bytes: Uint8Array): void {
  eachField(new WireReader(bytes), () => false);
}

export function readModelRequest(bytes: Uint8Array): ModelRequest {
  const request = { name: "", version: "" };
  eachField(new WireReader(bytes), (field, reader) => {
    if (field === 1) request.name = reader.text();
    else if (field === 2) request.version = reader.text();
    else return false;
  });
  return request;
}

/** Whether only models that are ready are asked for. */
export function readRepositoryIndexRequest(bytes: Uint8Array): { readonly ready: boolean } {
  let ready = false;
  eachField(new WireReader(bytes), (field, reader) => {
    if (field !== 2) return false;
    ready = reader.bool();
  });
  return { ready };
}

export function readModelInferRequest(bytes: Uint8Array): ModelInferRequest {
  const request = { modelName: "", modelVersion: "", id: "" };
  const parameters: Parameter[] = [];
  const inputs: InferInput[] = [];
  const outputs: RequestedOutput[] = [];
  const raw: Uint8Array[] = [];
  eachField(new WireReader(bytes), (field, reader) => {
    if (field === 1) request.modelName = reader.text();
    else if (field === 2) request.modelVersion = reader.text();
    else if (field === 3) request.id = reader.text();
    else if (field === 4) add(parameters, readParameter(reader.message()), "parameters");
    else if (field === 5) add(inputs, readInput(reader.message()), "inputs");
    else if (field === 6) add(outputs, readOutput(reader.message()), "outputs");
    else if (field === 7) add(raw, reader.bytes(), "raw contents");
    else return false;
  });
  return { ...request, parameters: Object.fromEntries(parameters), inputs, outputs, raw };
}

/** Of ServerLiveResponse, ServerReadyResponse and ModelReadyResponse, which are one yes or no each. */
export function writeBool(value: boolean): Uint8Array {
  return written((writer) => writer.bool(1, value));
}

export function writeServerMetadata(server: ServerMetadata): Uint8Array {
  return written((writer) => {
    writer.text(1, server.name);
    writer.text(2, server.version);
    writer.texts(3, server.extensions);
  });
}

export function writeModelMetadata(metadata: ModelMetadataResponse): Uint8Array {
  return written((writer) => {
    writer.text(1, metadata.name);
    writer.texts(2, metadata.versions);
    writer.text(3, metadata.platform);
    for (const tensor of metadata.inputs) writer.message(4, (inner) => writeTensor(inner, tensor));
    for (const tensor of metadata.outputs) writer.message(5, (inner) => writeTensor(inner, tensor));
  });
}

export function writeModelInferResponse(response: ModelInferResponse): Uint8Array {
  return written((writer) => {
    writer.text(1, response.modelName);
    writer.text(2, response.modelVersion);
    writer.text(3, response.id);
    for (const tensor of response.outputs) writer.message(5, (inner) => writeTensor(inner, tensor));
    for (const { raw } of response.outputs) writer.bytes(6, raw);
  });
}

export function writeRepositoryIndex(models: readonly ModelIndex[]): Uint8Array {
  return written((writer) => {
    for (const { name, version, state, reason } of models) {
      writer.message(1, (inner) => {
        inner.text(1, name);
        inner.text(2, version);
        inner.text(3, state);
        inner.text(4, reason);
      });
    }
  });
}

export function writeStatistics(statistics: readonly ModelStatistics[]): Uint8Array {
  return written((writer) => {
    for (const one of statistics) {
      writer.message(1, (inner) => {
        inner.text(1, one.name);
        inner.text(2, one.version);
        inner.uint(3, one.last_inference);
        inner.uint(4, one.inference_count);
        inner.uint(5, one.execution_count);
        inner.message(6, (stats) => {
          durations.forEach((name, at) => {
            const { count, ns } = one.inference_stats[name];
            stats.message(at + 1, (duration) => {
              duration.uint(1, count);
              duration.uint(2, ns);
            });
          });
        });
      });
    }
  });
}

function readInput(reader: WireReader): InferInput {
  const input = { name: "", datatype: "" };
  const shape: number[] = [];
  const parameters: Parameter[] = [];
  const contents: TypedContents[] = [];
  eachField(reader, (field) => {
    if (field === 1) input.name = reader.text();
    else if (field === 2) input.datatype = reader.text();
    else if (field === 3) reader.varints((low, high) => add(shape, (high | 0) * 2 ** 32 + low, "dimensions"));
    else if (field === 4) add(parameters, readParameter(reader.message()), "parameters");
    else if (field === 5) readContents(reader.message()).forEach((one) => add(contents, one, "contents"));
    else return false;
  });
  return { ...input, shape, parameters: Object.fromEntries(parameters), contents };
}

function readOutput(reader: WireReader): RequestedOutput {
  let name = "";
  const parameters: Parameter[] = [];
  eachField(reader, (field) => {
    if (field === 1) name = reader.text();
    else if (field === 2) add(parameters, readParameter(reader.message()), "parameters");
    else return false;
  });
  return { name, parameters: Object.fromEntries(parameters) };
}

type Parameter = readonly [string, boolean | number | string];

/** An entry of a map of InferParameter. */
function readParameter(reader: WireReader): Parameter {
  let key = "";
  let value: boolean | number | string = "";
  eachField(reader, (field) => {
    if (field === 1) key = reader.text();
    else if (field === 2) {
      eachField(reader.message(), (choice, inner) => {
        if (choice === 1) value = inner.bool();
        else if (choice === 2) value = Number(inner.int64());
        else if (choice === 3) value = inner.text();
        else if (choice === 4) value = inner.double();
        else if (choice === 5) value = Number(inner.uint64());
        else return false;
      });
    } else return false;
  });
  return [key, value];
}

function writeTensor(writer: WireWriter, { name, datatype, shape }: TensorMetadata): void {
  writer.text(1, name);
  writer.text(2, datatype);
  writer.int64s(3, shape);
}

function written(write: (writer: WireWriter) => void): Uint8Array {
  const writer = new WireWriter();
  write(writer);
  return writer.finish();
}

/** Calls for each field; `false` is the answer for one that is not known. */
function eachField(reader: WireReader, read: (field: number, reader: WireReader) => false | void): void {
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (read(field, reader) === false) reader.skip();
  }
}

function add<Entry>(entries: Entry[], entry: Entry, what: string): void {
  if (entries.length === maxEntries) throw new WireError(`it has more than ${maxEntries} ${what}`);
  entries.push(entry);
}
