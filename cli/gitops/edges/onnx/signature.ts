import type { InferenceSession } from "onnxruntime-node";
import type { Signature, TensorSpec } from "../../../../schemas/model-version.ts";
import { fail } from "../../../../schemas/problem.ts";
import { datatypeOf } from "../../../../schemas/tensor.ts";

/** skl2onnx adds a ZipMap to classifiers unless told otherwise. */
const withoutZipMap = "export the model with plain tensors as outputs (skl2onnx: zipmap: False in the options)";

interface ReadSignature {
  readonly signature: Signature;
  /** One for each output that was left out. */
  readonly warnings: readonly string[];
}

/**
 * The signature of an open model. Outputs that are no tensors (skl2onnx's ZipMap) or of a type that the protocol does not
 * have are left out with a warning; such an input, or no output that remains, is a Problem. Dynamic dimensions become -1.
 */
export function readSignature(file: string, session: InferenceSession): ReadSignature {
  const inputs = session.inputMetadata.map((value) => {
    const spec = specOf(value);
    if (spec !== null) return spec;
    return fail({
      code: "model-input",
      file,
      path: value.name,
      message: `the input is ${kindOf(value)}, which no request can carry`,
      hint: "export the model with tensors of numbers, booleans or strings as its inputs",
    });
  });
  if (inputs.length === 0) {
    fail({ code: "model-input", file, message: "the model has no inputs", hint: "export it with its inputs" });
  }
  const left = session.outputMetadata.filter((value) => specOf(value) === null);
  const outputs = session.outputMetadata.map(specOf).filter((spec) => spec !== null);
  if (outputs.length === 0) {
    const names = left.map((value) => `"${value.name}" is ${kindOf(value)}`).join(", ");
    fail({ code: "model-outputs", file, message: `no output can be served: ${names}`, hint: withoutZipMap });
  }
  const warnings = left.map(
    (value) => `output "${value.name}" is ${kindOf(value)} and is left out; to serve it, ${withoutZipMap}`,
  );
  return { signature: { inputs, outputs }, warnings };
}

function specOf(value: InferenceSession.ValueMetadata): TensorSpec | null {
  const datatype = value.isTensor ? datatypeOf(value.type) : null;
  if (!value.isTensor || datatype === null) return null;
  const shape = value.shape.map((size) => (typeof size === "number" && size >= 0 ? size : -1));
  return { name: value.name, datatype, shape };
}

function kindOf(value: InferenceSession.ValueMetadata): string {
  return value.isTensor ? `a tensor of ${value.type}` : "a sequence or map instead of a tensor";
}
