import { ProbeTooLarge } from "../../../../schemas/probe.ts";
import type { Problem } from "../../../../schemas/problem.ts";
import type { Header } from "./header.ts";
import { elementName } from "./values.ts";

type Complaint = Pick<Problem, "code" | "message" | "hint">;

const served = "remove the custom operator, or use operators of ai.onnx and ai.onnx.ml only";

const cast = "put a Cast to float32 there; inside, the model may use what ONNX Runtime has operators for";

/** What ONNX Runtime says of models that it knows it cannot run, and what a person can do about it. */
const known: readonly (readonly [pattern: RegExp, complaint: (...groups: string[]) => Complaint])[] = [
  [
    /Opset (\d+) is under development[\s\S]*domain (\S+) is till opset (\d+)/,
    (version, domain, newest) => ({
      code: "model-opset",
      message: `uses opset ${version} of ${domain}, newer than ${newest}, the newest that can be served`,
      hint: `export it with target_opset=${newest} or lower`,
    }),
  ],
  [
    /Unsupported model IR version: (\d+), max supported IR version: (\d+)/,
    (version, newest) => ({
      code: "model-ir-version",
      message: `has IR version ${version}, newer than ${newest}, the newest that can be served`,
      hint: `export it with an older onnx package, or set model.ir_version = ${newest} before saving it`,
    }),
  ],
  [
    /No Op registered for (\S+) with domain_version of (\d+)/,
    (operator, version) => ({
      code: "model-operator",
      message: `uses the operator ${operator}, which opset ${version} does not have`,
      hint: `export it with an opset that has ${operator}; otherwise ${served}`,
    }),
  ],
  [
    /No opset import for domain '([^']*)'|Fatal error: (\S+)\(-?\d+\) is not a registered function\/op/,
    (domain, operator) => ({
      code: "model-operator",
      message:
        operator === "" ? `uses operators of the unknown domain ${domain}` : `uses the unknown operator ${operator}`,
      hint: served,
    }),
  ],
  [
    /Could not find an implementation for (\S+)\((\d+)\)/,
    (operator, version) => ({
      code: "model-operator",
      message: `uses the operator ${operator} of opset ${version} with datatypes that ONNX Runtime has none of it for`,
      hint: cast,
    }),
  ],
  [
    /MLDataType for: tensor\((\w+)\) is not currently registered/,
    (type) => ({
      code: "model-datatype",
      message: `uses tensors of ${type}, which ONNX Runtime does not have`,
      hint: cast,
    }),
  ],
];

/** Why a model could not be opened. */
export function loadProblem(file: string, error: unknown, { outputs }: Header): Problem {
  const said = error instanceof Error ? error.message : String(error);
  const [, element] = /Unsupported data type: (\d+)/.exec(said) ?? [];
  if (element !== undefined) {
    // What its inputs are was looked at before.
    const name = outputs.find((output) => output.element === Number(element))?.name;
    const message = `${name === undefined ? "it has" : "the output is"} a tensor of ${elementName(Number(element))}, which cannot be served`;
    return { code: "model-datatype", file, ...(name === undefined ? {} : { path: name }), message, hint: cast };
  }
  for (const [pattern, complaint] of known) {
    const match = pattern.exec(said);
    if (match) return { file, ...complaint(...match.slice(1).map((group) => group ?? "")) };
  }
  return {
    code: "model-invalid",
    file,
    message: `ONNX Runtime cannot open it: ${oneLine(said)}`,
    hint: "check it with onnx.checker.check_model, and export it again",
  };
}

/** Why a model that was opened gave no answer. */
export function trialProblem(file: string, error: unknown): Problem {
  const said = error instanceof Error ? error.message : String(error);
  if (error instanceof ProbeTooLarge) {
    const hint = "export it with a smaller or a free size, and let who asks scale to it";
    return { code: "model-trial", file, message: oneLine(said), hint };
  }
  return {
    code: "model-trial",
    file,
    message: `a trial inference failed: ${oneLine(said)}`,
    hint:
      "the model must answer a row of zeros, of ones or of small numbers; run it in Python with such a row. " +
      "Where it leaves sizes open that it needs, export it with them; the number of columns --feature-order tells too",
  };
}

/** ONNX Runtime's message without its source files, C++ signatures and line breaks; at most 300 characters. */
function oneLine(message: string): string {
  const text = message
    .replace(/^Load model from .*? failed: ?/, "")
    // A condition of its source that did not hold, and what that means where it says so.
    .replaceAll(/(\/\S+\/)?[\w.-]+\.(cc|h|cpp):\d+ .*? was false\. ?/gs, "")
    .replaceAll(/(\/\S+\/)?[\w.-]+\.(cc|h|cpp):\d+ .*?\) (?:const )?(?=[A-Z])/g, "")
    .replace(/Non-zero status code returned while running (\S+) node\. Name:'(.*?)' Status Message: /, nodeName)
    .replaceAll(/[\s\p{Cc}]+/gu, " ")
    .trim();
  return text.length > 300 ? `${text.slice(0, 299)}…` : text;
}

function nodeName(_match: string, type: string, name: string): string {
  return name === "" ? `${type}: ` : `${type} (${name}): `;
}
