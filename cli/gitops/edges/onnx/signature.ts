import type { InferenceSession } from "onnxruntime-node";
import type { Signature, TensorSpec } from "../../../../schemas/model-version.ts";
import { fail, ProblemError, type Problem } from "../../../../schemas/problem.ts";
import { datatypeOf } from "../../../../schemas/tensor.ts";
import type { Header } from "./header.ts";
import type { DeclaredValue } from "./values.ts";

/** skl2onnx adds a ZipMap to classifiers unless told otherwise. */
const withoutZipMap = "export the model with plain tensors as outputs (skl2onnx: zipmap: False in the options)";
const plainTensors = "export the model with plain tensors as outputs";

/** Elements that a request can carry and ONNX Runtime's JavaScript binding takes, by TensorProto.DataType. */
const lastCarried = 13;

interface ReadSignature {
  readonly signature: Signature;
  /** One for each output that was left out. */
  readonly warnings: readonly string[];
}

/**
 * Stops where an input is nothing that a request can carry: a sequence, a map, an optional or sparse value, or a tensor of a
 * type that the protocol or ONNX Runtime does not have. All of them are told, before the model is opened, which would fail.
 */
export function checkInputs(file: string, { inputs }: Header): void {
  const problems = inputs.flatMap(({ name, kind, element }): Problem[] => {
    if (element !== null && element > 0 && element <= lastCarried) return [];
    const hint =
      element === null
        ? "export the model with tensors of numbers, booleans or strings as its inputs"
        : "put a Cast behind the input, from float32, float16 or int8; inside, the model may use what it likes";
    const message = `the input is ${kind}, which no request can carry`;
    return [{ code: "model-input", file, path: name, message, hint }];
  });
  if (problems.length > 0) throw new ProblemError(problems);
  if (inputs.length > 0) return;
  fail({ code: "model-input", file, message: "the model has no inputs", hint: "export it with its inputs" });
}

/**
 * The signature of an open model. Outputs that are no tensors (skl2onnx's ZipMap) or of a type that the protocol does not
 * have are left out with a warning; no output that remains is a Problem. Dynamic dimensions become -1. An input that has any
 * number of dimensions is a row of the columns of `featureOrder`, and a Problem without it.
 */
export function readSignature(
  file: string,
  session: InferenceSession,
  header: Header,
  featureOrder: readonly string[] | null,
): ReadSignature {
  const inputs = session.inputMetadata.map((value, at) => {
    const spec = specOf(value) ?? unread(file, value.name);
    const declared = header.inputs.find(({ name }) => name === value.name);
    if (declared === undefined || declared.hasShape) return spec;
    if (at === 0 && featureOrder !== null) return { ...spec, shape: [-1, featureOrder.length] };
    return fail({
      code: "model-input-shape",
      file,
      path: value.name,
      message: "the file does not say how many dimensions the input has",
      hint: "export it with a shape, such as [None, 30]; of rows of columns, --feature-order tells it too",
    });
  });
  const left = session.outputMetadata.filter((value) => specOf(value) === null);
  const outputs = session.outputMetadata.map(specOf).filter((spec) => spec !== null);
  const isLeft = ({ name }: DeclaredValue): boolean => left.some((value) => value.name === name);
  const declared = header.outputs.filter(isLeft);
  if (outputs.length === 0) {
    const names = declared.map(({ name, kind }) => `"${name}" is ${kind}`).join(", ");
    fail({ code: "model-outputs", file, message: `no output can be served: ${names}`, hint: hintFor(declared) });
  }
  const warnings = declared.map(
    (value) => `output "${value.name}" is ${value.kind} and is left out; to serve it, ${hintFor([value])}`,
  );
  return { signature: { inputs, outputs }, warnings };
}

function hintFor(values: readonly DeclaredValue[]): string {
  return values.some(({ kind }) => kind.includes("map")) ? withoutZipMap : plainTensors;
}

/** The inputs were looked at before, so the file and ONNX Runtime are of two minds. */
function unread(file: string, name: string): never {
  return fail({
    code: "model-input",
    file,
    path: name,
    message: "ONNX Runtime takes the input for something else than the file says",
    hint: "check it with onnx.checker.check_model, and export it again",
  });
}

function specOf(value: InferenceSession.ValueMetadata): TensorSpec | null {
  const datatype = value.isTensor ? datatypeOf(value.type) : null;
  if (!value.isTensor || datatype === null) return null;
  const shape = value.shape.map((size) => (typeof size === "number" && size >= 0 ? size : -1));
  return { name: value.name, datatype, shape };
}
