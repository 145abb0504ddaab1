/** Messages of the Open Inference Protocol with binary tensors, as a test reads and writes them. */

export interface TensorEntry {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly data?: readonly unknown[];
  readonly parameters?: { readonly binary_data_size?: number };
}

/** The entries of a message, and the bytes behind its JSON. */
export function splitReply(
  body: Uint8Array,
  jsonBytes: number,
  field: "inputs" | "outputs",
): { readonly entries: readonly TensorEntry[]; readonly binary: Uint8Array } {
  const head = JSON.parse(new TextDecoder().decode(body.subarray(0, jsonBytes))) as Record<string, TensorEntry[]>;
  return { entries: head[field] ?? [], binary: body.subarray(jsonBytes) };
}

/** A request of one FP32 input `input` with binary data. */
export function binaryRequest(rows: readonly (readonly number[])[]): {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly jsonBytes: number;
} {
  const data = Float32Array.from(rows.flat());
  const shape = [rows.length, rows[0]?.length ?? 0];
  const input = { name: "input", datatype: "FP32", shape, parameters: { binary_data_size: data.byteLength } };
  const json = Buffer.from(JSON.stringify({ parameters: { binary_data_output: true }, inputs: [input] }));
  return { body: new Uint8Array(Buffer.concat([json, Buffer.from(data.buffer)])), jsonBytes: json.length };
}
