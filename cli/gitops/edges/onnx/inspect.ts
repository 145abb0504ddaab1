import type { Signature, TensorSpec } from "../../../../schemas/model-version.ts";
import { fail, type Problem } from "../../../../schemas/problem.ts";
import type { InspectedModel, InspectModel } from "../../core/ports.ts";
import { checkInputFile, readInputFile, storeName } from "../input-file.ts";
import { findBeside } from "./beside.ts";
import { loadProblem, trialProblem } from "./complaint.ts";
import { digested, type Digested } from "./digested.ts";
import { readHeader, type Header } from "./header.ts";
import { lookalike } from "./lookalike.ts";
import { checkInputs, readSignature } from "./signature.ts";
import { turnOffTelemetry } from "./telemetry.ts";
import { quiet, tryModel } from "./trial.ts";
import { withFile } from "./wire.ts";

/** Protobuf cannot hold more, so neither can an ONNX file. */
const maxModelBytes = 2 * 1024 ** 3;

/** Weights in a file of their own may have more: a guard against a wrong file. */
const maxWeightsBytes = 256 * 1024 ** 3;

/**
 * Reads a model file, and those beside it that it keeps weights in, opens it with ONNX Runtime and asks for one answer. The
 * session is released again. Nothing of it is held in memory: the contents that are handed out are read when they are stored,
 * and held against the digests that were taken here. The producer is one line of at most 512 characters. Nothing is written to
 * the terminal.
 */
export const inspectModel: InspectModel = async (path, featureOrder) => {
  const size = await checkInputFile(path, { what: "model", maxBytes: maxModelBytes });
  const header = await headerOf(path, size);
  checkInputs(path, header);
  const beside = findBeside(path, header);
  const model = await digested(path, { name: storeName(path), what: "model", maxBytes: maxModelBytes });
  const others: Digested[] = [];
  for (const { name, path: place } of beside) {
    others.push(await digested(place, { name, what: "weights", maxBytes: maxWeightsBytes }));
  }
  const served = await open(path, header, featureOrder);
  for (const { checkUnchanged } of [model, ...others]) checkUnchanged();
  return {
    ...model.file,
    files: others.map(({ file }) => file),
    opset: header.opsets.get("ai.onnx") ?? null,
    irVersion: header.irVersion,
    parameters: header.parameters,
    producer: header.producer?.replaceAll(/\p{Cc}+/gu, " ").slice(0, 512) ?? null,
    ...served,
  };
};

async function headerOf(file: string, size: number): Promise<Header> {
  const read = withFile(file, size, readHeader);
  if (read.kind === "header") return read.header;
  // A pointer of git-lfs is told apart.
  if (size < 1024) await readInputFile(file, { what: "model", maxBytes: maxModelBytes });
  if (read.kind === "truncated") {
    const hint = "copy, download or export it again";
    return fail({
      code: "model-truncated",
      file,
      message: "is an ONNX model that ends too early, or is damaged",
      hint,
    });
  }
  const seen = lookalike(withFile(file, size, (bytes) => bytes.slice(0, Math.min(size, 512))));
  const message = `is not an ONNX model${seen === null ? "" : `; it looks like ${seen}`}`;
  return fail({ code: "model-not-onnx", file, message, hint: "export the model to ONNX, and name that file" });
}

async function open(
  file: string,
  header: Header,
  featureOrder: readonly string[] | null,
): Promise<Pick<InspectedModel, "signature" | "warnings">> {
  // Loaded here, because only `register` needs it and it takes longer to load than most commands run.
  turnOffTelemetry();
  const { InferenceSession, Tensor } = await import("onnxruntime-node");
  const session = await InferenceSession.create(file, quiet).catch(orFail((error) => loadProblem(file, error, header)));
  try {
    const { signature, warnings } = readSignature(file, session, header, featureOrder);
    const dimensions = session.inputMetadata.map((value) => (value.isTensor ? value.shape : []));
    const shapes = await tryModel(session, { signature, featureOrder, dimensions }, Tensor).catch(
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
