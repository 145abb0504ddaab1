/** One row by the Open Inference Protocol, and what the model server of a benchmark answers whoever asks. */
import { features, oneRow } from "./models.ts";

const { instances } = JSON.parse(oneRow) as { readonly instances: readonly (readonly number[])[] };

export const inferRequest = JSON.stringify({
  inputs: [{ name: "input", datatype: "FP32", shape: [1, features], data: instances.flat() }],
});

export const outputs = [
  { name: "label", datatype: "INT64", shape: [1], data: [1] },
  { name: "probabilities", datatype: "FP32", shape: [1, 2], data: [0.25, 0.75] },
] as const;

export const fixedReply = JSON.stringify({ model_name: "model", model_version: "1", outputs });
