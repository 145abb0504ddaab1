import type { Datatype, Signature } from "../../schemas/model-version.ts";
import { OutputNotJson } from "./errors.ts";
import { MalformedAnswer } from "./failures.ts";
import { InferenceError, type RawMessage } from "./ports.ts";
import { decodeRawOutput, type TensorHead } from "./raw-tensors.ts";
import { missing, outputEntries, outputHead, outputName, visitOutputs, type OutputEntry } from "./server-infer.ts";
import { describe, isObject } from "./words.ts";

/**
 * What is wrong with a model server's reply that would be handed on byte for byte; null where it has the outputs that the request
 * asks for, as the signature has them.
 */
export function flawIn(
  request: RawMessage,
  reply: RawMessage,
  { outputs }: Signature,
): MalformedAnswer | OutputNotJson | null {
  try {
    const asked = askedOutputs(request);
    const found = new Set<unknown>();
    visitOutputs(reply, parseTolerantly, (entry, bytes) => {
      found.add(entry["name"]);
      const spec = outputs.find(({ name }) => name === entry["name"]);
      // Of classes, the signature says nothing.
      if (spec === undefined || isOfClasses(asked.get(spec.name))) return;
      const head = outputHead(spec, entry);
      if (bytes === null) checkData(head, entry);
      else decodeRawOutput(head, bytes);
    });
    const wanted = asked.size > 0 ? [...asked.keys()] : outputs.map(({ name }) => name);
    for (const name of wanted) if (!found.has(name)) missing(name);
    return null;
  } catch (error) {
    if (error instanceof InferenceError) return new MalformedAnswer(error.message, { cause: error });
    if (error instanceof OutputNotJson) return error;
    throw error;
  }
}

const notFinite = ["NaN", "Infinity"].map((name) => Buffer.from(name));

/** A reply that is handed on. Throws OutputNotJson where its JSON is none: Triton writes such numbers by their bare names. */
export function requireJson(reply: RawMessage): RawMessage {
  const { body, jsonBytes } = reply;
  const json = jsonBytes === null ? body : body.subarray(0, jsonBytes);
  // Only what has the names in it is read: they may be somebody's text.
  if (!notFinite.some((name) => Buffer.prototype.includes.call(json, name))) return reply;
  const text = new TextDecoder().decode(json);
  if (parsed(text) !== null) return reply;
  for (const entry of outputEntries(parseTolerantly(json))) {
    const { data } = entry;
    const at = Array.isArray(data) ? data.flat(Infinity).indexOf(null) : -1;
    if (at !== -1) throw new OutputNotJson(outputName(entry), `element ${at} is not a finite number`);
  }
  return reply;
}

/** By name, those that the request names; none: all are meant. What the server has answered was a sound request. */
function askedOutputs({ body, jsonBytes }: RawMessage): ReadonlyMap<string, OutputEntry> {
  const head = parseTolerantly(jsonBytes === null ? body : body.subarray(0, jsonBytes));
  const outputs: unknown = isObject(head) ? head["outputs"] : undefined;
  const entries: readonly unknown[] = Array.isArray(outputs) ? outputs : [];
  return new Map(entries.filter(isObject).map((entry) => [outputName(entry), entry]));
}

function isOfClasses(asked: OutputEntry | undefined): boolean {
  return isObject(asked?.["parameters"]) && asked["parameters"]["classification"] !== undefined;
}

/** Numbers are not held to their width: what a server writes may be too large for a double, and exact all the same. */
function checkData({ name, datatype, shape }: TensorHead, { data }: OutputEntry): void {
  if (!Array.isArray(data)) throw new InferenceError(`output "${name}" has no data`);
  const values: readonly unknown[] = data.flat(Infinity);
  const count = shape.reduce((size, dimension) => size * dimension, 1);
  if (values.length !== count) {
    throw new InferenceError(`output "${name}" has ${values.length} elements for the shape [${shape.join(", ")}]`);
  }
  const type = jsonTypeOf(datatype);
  const odd = values.findIndex((value) => typeof value !== type);
  if (odd === -1) return;
  if (values[odd] === null && type === "number") {
    throw new OutputNotJson(name, `element ${odd} is not a finite number`);
  }
  throw new InferenceError(`output "${name}": element ${odd} is ${describe(values[odd])}, not ${datatype}`);
}

function jsonTypeOf(datatype: Datatype): "boolean" | "string" | "number" {
  if (datatype === "BOOL") return "boolean";
  return datatype === "BYTES" ? "string" : "number";
}

const texts = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\b(?:NaN|Inf(?:inity)?)\b/gs;

/** null: it is no JSON. What Triton writes for numbers that JSON has no words for is null. */
function parseTolerantly(json: Uint8Array): unknown {
  const text = new TextDecoder().decode(json);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return parsed(text.replace(texts, (found) => (found.startsWith('"') ? found : "null")));
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
