/** What a Triton's folder of models holds. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Signature } from "../../../schemas/model-version.ts";
import type { TritonServer } from "./triton-server.ts";

const onnx = { backend: "onnxruntime", file: "model.onnx" };
/** Of models that are Python. */
export const python = { backend: "python", file: "model.py" };

/** What the agent beside a Triton will write: the files of the versions, and a configuration that names them. */
export function writeModel(
  { models }: TritonServer,
  model: string,
  versions: Readonly<Record<number, Uint8Array>>,
  { inputs, outputs }: Signature,
  { backend, file: name } = onnx,
): void {
  const folder = join(models, model);
  const types: Readonly<Record<string, string>> = { BYTES: "STRING" };
  const tensors = (specs: Signature["inputs"]): string =>
    specs
      .map(({ name, datatype, shape }) => {
        return `{ name: "${name}" data_type: TYPE_${types[datatype] ?? datatype} dims: [${shape.join(", ")}] }`;
      })
      .join(", ");
  const config = `
    name: "${model}"
    backend: "${backend}"
    input [ ${tensors(inputs)} ]
    output [ ${tensors(outputs)} ]
    instance_group [ { count: 1 kind: KIND_CPU } ]
    version_policy { specific { versions: [${Object.keys(versions).join(", ")}] } }`;
  for (const [version, bytes] of Object.entries(versions)) {
    mkdirSync(join(folder, version), { recursive: true });
    const file = join(folder, version, name);
    // What is written anew is loaded anew.
    if (!existsSync(file) || !readFileSync(file).equals(bytes)) writeFileSync(file, bytes);
  }
  writeFileSync(join(folder, "config.pbtxt"), config);
}
