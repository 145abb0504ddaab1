import { joinBody, jsonLengthHeader } from "../../gateway/core/oip-body.ts";
import { decodeRawOutput, encodeRaw, type TensorHead } from "../../gateway/core/raw-tensors.ts";
import type { Tensor } from "../../schemas/tensor.ts";

/** A request as Triton's clients send it: tensors as binary data after the JSON, and no Content-Type. */
export function binaryRequest(tensors: readonly Tensor[], fields: object = {}): RequestInit {
  const parts = tensors.map((tensor) => encodeRaw(tensor));
  const inputs = tensors.map(({ name, datatype, shape }, at) => {
    return { name, datatype, shape, parameters: { binary_data_size: parts[at]?.length } };
  });
  const { body, jsonLength } = joinBody({ inputs, ...fields }, parts);
  return { method: "POST", body, headers: { [jsonLengthHeader]: String(jsonLength) } };
}

interface OutputJson extends TensorHead {
  readonly parameters?: { readonly binary_data_size: number };
  readonly data?: readonly unknown[];
}

/** Outputs of a reply by name: tensors where they came as binary data, else what the JSON has. */
export function binaryOutputs(bytes: Uint8Array, jsonLength: string | null): ReadonlyMap<string, Tensor | OutputJson> {
  const length = Number(jsonLength ?? bytes.length);
  const { outputs } = JSON.parse(new TextDecoder().decode(bytes.subarray(0, length))) as { outputs: OutputJson[] };
  let at = length;
  const read = outputs.map(({ parameters, ...output }): readonly [string, Tensor | OutputJson] => {
    if (parameters === undefined) return [output.name, output];
    const start = at;
    at += parameters.binary_data_size;
    return [output.name, decodeRawOutput(output, bytes.subarray(start, at))];
  });
  if (at !== bytes.length) throw new Error(`${bytes.length - at} bytes belong to no output`);
  return new Map(read);
}
