import { tensorsOfGraph, tensorsOfNode, type ExternalPlace, type StoredTensor } from "./tensors.ts";
import { declaredValue, type DeclaredValue } from "./values.ts";
import { fieldsOf, numberOf, spanOf, textOf, wholeOf, WireError, type Bytes, type Span } from "./wire.ts";

/** What stands in an ONNX file besides the values of its weights. Field numbers: onnx.proto3, ModelProto. */
export interface Header {
  readonly irVersion: number;
  /** `producer_name producer_version`, as far as they are there. */
  readonly producer: string | null;
  /** Domain -> version; the standard operators' domain is `ai.onnx`, as people know it. */
  readonly opsets: ReadonlyMap<string, number>;
  /** What it asks for: inputs that have a value in the file are no inputs to whoever asks. */
  readonly inputs: readonly DeclaredValue[];
  readonly outputs: readonly DeclaredValue[];
  /** How many numbers its weights are. */
  readonly parameters: number;
  /** Of the tensors whose values are in other files, where. */
  readonly external: readonly (ExternalPlace & { readonly tensor: string })[];
}

/** `foreign`: not an ONNX model at all. `truncated`: begins as one, but ends too early. */
type ReadHeader =
  | { readonly kind: "header"; readonly header: Header }
  | { readonly kind: "foreign" }
  | { readonly kind: "truncated" };

const model = { irVersion: 1, producer: 2, producerVersion: 3, graph: 7, opset: 8, functions: 25 };
const opset = { domain: 1, version: 2 };
const functions = { node: 7 };
const graph = { input: 11, output: 12 };

/** Reads the header, in one pass over the file: the values of weights are stepped over. */
export function readHeader(bytes: Bytes): ReadHeader {
  const opsets = new Map<string, number>();
  const external: (ExternalPlace & { readonly tensor: string })[] = [];
  const header = { irVersion: 0, producer: "", producerVersion: "" };
  const [inputs, outputs, given]: [DeclaredValue[], DeclaredValue[], Set<string>] = [[], [], new Set()];
  let [graphs, parameters] = [0, 0];
  const take = (tensors: Iterable<StoredTensor & { readonly isWeight: boolean }>): void => {
    for (const tensor of tensors) {
      if (tensor.isWeight) parameters += tensor.elements;
      if (tensor.isWeight) given.add(tensor.name);
      if (tensor.external !== null) external.push({ ...tensor.external, tensor: tensor.name });
    }
  };
  try {
    for (const field of fieldsOf(wholeOf(bytes))) {
      if (field.number === model.irVersion) header.irVersion = numberOf(field);
      else if (field.number === model.producer) header.producer = textOf(field);
      else if (field.number === model.producerVersion) header.producerVersion = textOf(field);
      else if (field.number === model.opset) opsets.set(...opsetOf(spanOf(field)));
      else if (field.number === model.functions) {
        for (const part of fieldsOf(spanOf(field)))
          if (part.number === functions.node) take(tensorsOfNode(spanOf(part)));
      } else if (field.number === model.graph) {
        take(tensorsOfGraph(spanOf(field)));
        for (const part of fieldsOf(spanOf(field))) {
          if (part.number === graph.input) inputs.push(declaredValue(spanOf(part)));
          else if (part.number === graph.output) outputs.push(declaredValue(spanOf(part)));
        }
        graphs += 1;
      }
    }
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return { kind: error.kind === "truncated" && header.irVersion > 0 ? "truncated" : "foreign" };
  }
  if (header.irVersion === 0) return { kind: "foreign" };
  // A file that was cut between two fields is well-formed, but has lost its graph or, behind it, its operators' versions.
  if (graphs === 0 || opsets.size === 0) return { kind: "truncated" };
  const producer = `${header.producer} ${header.producerVersion}`.trim();
  return {
    kind: "header",
    header: {
      irVersion: header.irVersion,
      producer: producer === "" ? null : producer,
      opsets,
      inputs: inputs.filter(({ name }) => !given.has(name)),
      outputs,
      parameters,
      external,
    },
  };
}

function opsetOf(span: Span): [string, number] {
  let domain = "";
  let version = 0;
  for (const field of fieldsOf(span)) {
    if (field.number === opset.domain) domain = textOf(field);
    else if (field.number === opset.version) version = numberOf(field);
  }
  return [domain === "" ? "ai.onnx" : domain, version];
}
