/** The trained models of examples/ and the rows that they were held out from. */
import { join } from "node:path";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import type { Signature } from "../../schemas/model-version.ts";
import type { ServedModel } from "./serving-tree.ts";

const examples = join(import.meta.dir, "..", "..", "examples");
const folder = "breast-cancer";

/** Files of the versions in examples/models/breast-cancer. */
const folders = { 1: "v1", 2: "v2", 3: "v3-fails" } as const;

/** Versions 1 and 2 are good, 3 fails on a third of the held-out rows. */
export async function breastCancer(): Promise<
  Pick<ServedModel, "versions" | "featureOrder"> & { readonly rows: readonly Readonly<Record<string, unknown>>[] }
> {
  const featureOrder = (await Bun.file(join(examples, "data", folder, "features.json")).json()) as string[];
  const signature: Signature = {
    inputs: [{ name: "features", datatype: "FP32", shape: [-1, featureOrder.length] }],
    outputs: [
      { name: "label", datatype: "INT64", shape: [-1] },
      { name: "probabilities", datatype: "FP32", shape: [-1, 2] },
    ],
  };
  const read = async (name: string) => ({
    bytes: await Bun.file(join(examples, "models", folder, name, "model.onnx")).bytes(),
    signature,
  });
  const versions = { 1: await read(folders[1]), 2: await read(folders[2]), 3: await read(folders[3]) };
  const file = await asyncBufferFromFile(join(examples, "data", folder, "heldout.parquet"));
  const rows = await parquetReadObjects({ file, columns: featureOrder });
  return { versions, featureOrder, rows };
}
