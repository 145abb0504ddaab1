import type { Signature, TensorSpec } from "../../../../schemas/model-version.ts";
import { fail, type Problem } from "../../../../schemas/problem.ts";
import type { InspectedModel, InspectModel } from "../../core/ports.ts";
import { readInputFile, sha256Of, storeName } from "../input-file.ts";
import { loadProblem, trialProblem } from "./complaint.ts";
import { readHeader, type Header } from "./header.ts";
import { lookalike } from "./lookalike.ts";
import { readSignature } from "./signature.ts";
import { turnOffTelemetry } from "./telemetry.ts";
import { quiet, tryModel } from "./trial.ts";

/** Protobuf cannot hold more, so neither can an ONNX file. */
const maxModelBytes = 2 * 1024 ** 3;

/**
 * Reads a model file, opens these very bytes with ONNX Runtime and asks for one answer. The session is released again.
 * The producer is one line of at most 512 characters. Nothing is written to the terminal.
 */
export const inspectModel: InspectModel = async (path, featureOrder) => {
  const bytes = await readInputFile(path, { what: "model", maxBytes: maxModelBytes });
  const header = headerOf(path, bytes);
  const served = await open(path, bytes, featureOrder);
  return {
    bytes,
    file: storeName(path),
    sha256: sha256Of(bytes),
    sizeBytes: bytes.length,
    opset: header.opsets.get("ai.onnx") ?? null,
    producer: header.producer?.replaceAll(/\p{Cc}+/gu, " ").slice(0, 512) ?? null,
    ...served,
  };
};

function headerOf(file: string, bytes: Uint8Array): Header {
  const read = readHeader(bytes);
  if (read.kind === "truncated") {
    const hint = "copy, download or export it again";
    fail({ code: "model-truncated", file, message: "is an ONNX model that ends too early, or is damaged", hint });
  }
  if (read.kind === "foreign") {
    const seen = lookalike(bytes);
    const message = `is not an ONNX model${seen === null ? "" : `; it looks like ${seen}`}`;
    fail({ code: "model-not-onnx", file, message, hint: "export the model to ONNX, and name that file" });
  }
  const [name] = read.header.external;
  if (name !== undefined) {
    const message = `keeps weights ("${name}"${read.header.external.length > 1 ? " and others" : ""}) in a file beside it`;
    const hint = "save it as one file: onnx.save_model(model, path, save_as_external_data=False)";
    fail({ code: "model-external-data", file, message, hint });
  }
  return read.header;
}

async function open(
  file: string,
  bytes: Uint8Array,
  featureOrder: readonly string[] | null,
): Promise<Pick<InspectedModel, "signature" | "warnings">> {
  // Loaded here, because only `register` needs it and it takes longer to load than most commands run.
  turnOffTelemetry();
  const { InferenceSession, Tensor } = await import("onnxruntime-node");
  const session = await InferenceSession.create(bytes, quiet).catch(orFail((error) => loadProblem(file, error)));
  try {
    const { signature, warnings } = readSignature(file, session);
    const shapes = await tryModel(session, { signature, featureOrder }, Tensor).catch(
      orFail((error) => trialProblem(file, error)),
    );
    return { signature: withAnswers(signature, shapes), warnings };
  } finally {
    await session.release();
  }
}

/** An output whose shape the file does not tell, or tells wrong, has free dimensions where the answer differs. */
function withAnswers(signature: Signature, shapes: ReadonlyMap<string, readonly number[]>): Signature {
  const outputs = signature.outputs.map((output): TensorSpec => {
    const answer = shapes.get(output.name) ?? output.shape;
    const told = answer.length === output.shape.length ? output.shape : [];
    return { ...output, shape: answer.map((size, at) => (told[at] === size ? size : -1)) };
  });
  return { inputs: signature.inputs, outputs };
}

function orFail(explain: (error: unknown) => Problem): (error: unknown) => never {
  return (error) => fail(explain(error), { cause: error });
}
