import type { ModelVersion, Signature } from "../../schemas/model-version.ts";

/** Signature of `linearModel` and its relatives. */
export function linearSignature(features = 3, classes = 2): Signature {
  return {
    inputs: [{ name: "input", datatype: "FP32", shape: [-1, features] }],
    outputs: [
      { name: "label", datatype: "INT64", shape: [-1] },
      { name: "probabilities", datatype: "FP32", shape: [-1, classes] },
    ],
  };
}

/** Signature of `textModel`. */
export const textSignature: Signature = {
  inputs: [
    { name: "ids", datatype: "INT64", shape: [-1] },
    { name: "words", datatype: "BYTES", shape: [-1] },
  ],
  outputs: [
    { name: "doubled", datatype: "INT64", shape: [-1] },
    { name: "echo", datatype: "BYTES", shape: [-1] },
  ],
};

export function sha256(bytes: Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
}

/** The document that registers these bytes. */
export function modelVersion(
  bytes: Uint8Array,
  options: {
    readonly model?: string;
    readonly version?: number;
    readonly signature?: Signature;
    readonly featureOrder?: string[];
  } = {},
): ModelVersion {
  const { model = "fraud", version = 1, signature = linearSignature(), featureOrder } = options;
  const digest = sha256(bytes);
  return {
    apiVersion: "mmsp.dev/v1alpha1",
    kind: "ModelVersion",
    metadata: { name: `${model}-${version}` },
    spec: {
      model,
      version,
      framework: "onnx",
      artifact: { key: `sha256/${digest}/model.onnx`, sha256: digest, sizeBytes: bytes.length },
      signature,
      ...(featureOrder === undefined ? {} : { featureOrder }),
      provenance: { createdAt: "2026-11-20T09:00:00Z" },
    },
  };
}
