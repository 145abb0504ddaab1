import { z } from "zod";
import { apiVersion, Line, Metadata, Name, Sha256, Timestamp, Version } from "./fields.ts";
import { maxParams, maxTags, maxTrainingValue } from "./limits.ts";

/** Datatype names of the Open Inference Protocol v2, which are Triton's. */
export const datatypes = [
  "BOOL",
  "UINT8",
  "UINT16",
  "UINT32",
  "UINT64",
  "INT8",
  "INT16",
  "INT32",
  "INT64",
  "FP16",
  "BF16",
  "FP32",
  "FP64",
  "BYTES",
] as const;
export type Datatype = (typeof datatypes)[number];

/** A named tensor; -1 in the shape stands for a dynamic dimension. */
export const TensorSpec = z.strictObject({
  name: z.string().min(1).max(256),
  datatype: z.enum(datatypes),
  shape: z.array(z.int().min(-1)).max(16),
});
export type TensorSpec = z.infer<typeof TensorSpec>;

export const Signature = z.strictObject({
  inputs: z.array(TensorSpec).min(1),
  outputs: z.array(TensorSpec).min(1),
});
export type Signature = z.infer<typeof Signature>;

/** Names and values of a training run: untrusted text, one line each, bounded in number and length. */
function Facts(most: number, description: string) {
  return z
    .record(z.string(), Line.max(maxTrainingValue))
    .refine((facts) => Object.keys(facts).length <= most, `at most ${most}`)
    .meta({ maxProperties: most, description });
}

/** Where a store keeps a file. */
const Key = z
  .string()
  .regex(/^sha256\/[0-9a-f]{64}\/[A-Za-z0-9][A-Za-z0-9._-]*$/)
  .describe("place in the artifact store: sha256/<digest>/<file>");

/** A name in a path that is neither `.` nor `..`; said without lookahead, which Kubernetes' patterns do not have. */
const segment = String.raw`([^/\\.\p{Cc}][^/\\\p{Cc}]*|\.[^/\\.\p{Cc}][^/\\\p{Cc}]*|\.\.[^/\\\p{Cc}]+)`;

/** How an ONNX file names one that it keeps weights in: a path beside it, that leads nowhere else. */
const Beside = z
  .string()
  .max(512)
  .regex(new RegExp(`^${segment}(/${segment})*$`, "u"))
  .describe("a relative path with `/`, without `..`");

/** Exactly one of `key` (in the environment's store) and `uri` (by reference); rules.ts checks it, as a CRD cannot. */
const Artifact = z.strictObject({
  key: Key.optional(),
  uri: z
    .string()
    .regex(/^https:\/\/[^\s]+$/)
    .optional()
    .describe("an https address outside the store"),
  sha256: Sha256,
  sizeBytes: z.int().min(1),
  files: z
    .array(z.strictObject({ file: Beside, key: Key.optional(), sha256: Sha256, sizeBytes: z.int().min(1) }))
    .min(1)
    .max(256)
    .optional()
    .describe(
      "files beside it that hold weights, by the paths that it names; each has a key where the artifact has one",
    ),
});

/** A registered version of a model. Never edited once merged. */
export const ModelVersion = z.strictObject({
  apiVersion: z.literal(apiVersion),
  kind: z.literal("ModelVersion"),
  metadata: Metadata,
  spec: z.strictObject({
    model: Name,
    version: Version,
    framework: z.enum(["onnx"]),
    artifact: Artifact,
    signature: Signature,
    featureOrder: z.array(z.string().min(1).max(256)).optional().describe("names of the columns of the first input"),
    baseline: z
      .strictObject({
        key: Key,
        sha256: Sha256,
        sizeBytes: z.int().min(1),
        rows: z.int().min(1),
      })
      .optional()
      .describe("a Parquet sample of the training data in the artifact store"),
    metrics: z.record(z.string(), z.number()).optional(),
    opset: z.int().min(1).optional(),
    irVersion: z.int().min(1).optional().describe("version of the ONNX format"),
    producer: Line.optional(),
    parameters: z.int().min(0).optional().describe("how many numbers the model has learned"),
    provenance: z.strictObject({
      source: Line.optional(),
      gitCommit: z
        .string()
        .regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/)
        .describe("the whole id of a commit, in lower-case hex")
        .optional(),
      createdAt: Timestamp,
      createdBy: Line.optional(),
      mlflowRun: Line.optional(),
      mlflowVersion: z
        .strictObject({ model: Line, version: Version })
        .optional()
        .describe("what the version is called in MLflow's model registry"),
      params: Facts(maxParams, "params of the training run, at most 64").optional(),
      tags: Facts(maxTags, "tags of the training run and of the version in MLflow, at most 32").optional(),
    }),
  }),
});
export type ModelVersion = z.infer<typeof ModelVersion>;
