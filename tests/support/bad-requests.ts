/** What people get wrong in requests for predictions, and what they are to be told. `badInputTree` serves what is asked. */
import { aRejection } from "./builders.ts";
import { linearModel, textModel } from "./models.ts";
import { servingTree } from "./serving-tree.ts";
import { textSignature } from "./versions.ts";

/** `fraud` with versions 1 to 3, of which 3 is rejected, and `words` with two inputs. */
export function badInputTree(): Record<string, string | Uint8Array> {
  const fraud = {
    versions: { 1: linearModel(), 2: linearModel({ bias: [1, 0] }), 3: linearModel({ bias: [2, 0] }) },
    featureOrder: ["age", "amount", "hour"],
    spec: { previous: [2, 3], rejected: [aRejection(3, { reason: "one in three fails" })] },
  };
  return servingTree({ fraud, words: { versions: { 1: { bytes: textModel(), signature: textSignature } } } });
}

export type BadRequest = readonly [
  what: string,
  path: string,
  body: string,
  status: number,
  code: string,
  says: RegExp,
];

const fraud = (fields: object): string => JSON.stringify({ model: "fraud", ...fields });
const infer = (input: object): string => JSON.stringify({ inputs: [{ ...tensor, ...input }] });
const tensor = { name: "input", datatype: "FP32", shape: [1, 3], data: [1, 2, 3] };
const fraudInfer = "/v2/models/fraud/infer";
const wordsInfer = "/v2/models/words/infer";

export const badPredictRequests: readonly BadRequest[] = [
  ["an empty body", "/predict", "", 400, "body-empty", /send a JSON object/],
  ["blanks alone", "/predict", " \n ", 400, "body-empty", /send a JSON object/],
  ["broken JSON", "/predict", '{"instances": [[1, 2', 400, "body-not-json", /not valid JSON: /],
  ["NaN, which is no JSON", "/predict", '{"instances": [[NaN, 1, 2]]}', 400, "body-not-json", /NaN/],
  ["nesting without end", "/predict", "[".repeat(2000), 400, "body-not-json", /not valid JSON/],
  ["a list", "/predict", "[1, 2, 3]", 400, "body-not-object", /must be a JSON object, not a list of 3/],
  ["null", "/predict", "null", 400, "body-not-object", /not null/],
  [
    "a field of a slightly wrong name",
    "/predict",
    fraud({ instance: [[1, 2, 3]] }),
    400,
    "field-unknown",
    /mean "instances"/,
  ],
  ["no rows at all", "/predict", fraud({}), 400, "features-missing", /exactly one of "features" and "instances"/],
  [
    "both fields",
    "/predict",
    fraud({ features: [[1, 2, 3]], instances: [[1, 2, 3]] }),
    400,
    "features-missing",
    /got both/,
  ],
  ["an empty batch", "/predict", fraud({ instances: [] }), 400, "batch-empty", /at least one row/],
  [
    "rows that are no list",
    "/predict",
    fraud({ instances: "1,2,3" }),
    400,
    "rows-not-list",
    /must be a list of rows, not the string "1,2,3"/,
  ],
  [
    "null for a number",
    "/predict",
    fraud({ instances: [[1, null, 3]] }),
    400,
    "value-invalid",
    /instances\[0\]\[1\]: expected a finite 32-bit number, got null/,
  ],
  [
    "1e999",
    "/predict",
    '{"model":"fraud","instances":[[1,2,1e999]]}',
    400,
    "value-invalid",
    /instances\[0\]\[2\]: .*out of range/,
  ],
  [
    "too large for 32 bits",
    "/predict",
    '{"model":"fraud","instances":[[1,2,1e39]]}',
    400,
    "value-invalid",
    /finite 32-bit number, got the number 1e\+39/,
  ],
  [
    "a string for a number",
    "/predict",
    fraud({ instances: [[1, 2, "3"]] }),
    400,
    "value-invalid",
    /got the string "3"/,
  ],
  [
    "ragged rows",
    "/predict",
    fraud({
      instances: [
        [1, 2, 3],
        [1, 2],
      ],
    }),
    400,
    "row-width",
    /instances\[1\]: expected 3 values, got 2/,
  ],
  ["nested rows", "/predict", fraud({ instances: [[[1, 2, 3]]] }), 400, "row-width", /expected 3 values, got 1/],
  [
    "a feature of a slightly wrong name",
    "/predict",
    fraud({ features: { age: 1, amuont: 2, hour: 3 } }),
    400,
    "feature-names",
    /"amount" missing; unknown "amuont", did you mean "amount"/,
  ],
  [
    "a feature missing",
    "/predict",
    fraud({ features: { age: 1, amount: 2 } }),
    400,
    "feature-names",
    /feature "hour" missing/,
  ],
  [
    "no model where there are two",
    "/predict",
    JSON.stringify({ instances: [[1, 2, 3]] }),
    400,
    "model-missing",
    /say which model; served are: fraud, words/,
  ],
  [
    "a model that is no string",
    "/predict",
    JSON.stringify({ model: 1, instances: [[1]] }),
    400,
    "model-not-string",
    /must be a string/,
  ],
  [
    "an unknown model",
    "/predict",
    JSON.stringify({ model: "fruad", instances: [[1]] }),
    404,
    "model-unknown",
    /no model "fruad"; served are: fraud, words/,
  ],
  [
    "a row of a model with two inputs that is a list",
    "/predict",
    JSON.stringify({ model: "words", instances: [[1, "a"]] }),
    400,
    "row-not-object",
    /an object with the inputs "ids", "words"/,
  ],
];

export const badInferRequests: readonly BadRequest[] = [
  ["an empty body", fraudInfer, "", 400, "body-empty", /send a JSON object/],
  ["broken JSON", fraudInfer, "{]", 400, "body-not-json", /not valid JSON/],
  ["no inputs", fraudInfer, "{}", 400, "inputs-missing", /"inputs" must be a list/],
  [
    "an input of a slightly wrong name",
    fraudInfer,
    infer({ name: "inpt" }),
    400,
    "input-unknown",
    /"inpt" is unknown, did you mean "input"/,
  ],
  [
    "an input missing",
    wordsInfer,
    JSON.stringify({ inputs: [{ name: "ids", datatype: "INT64", shape: [1], data: [1] }] }),
    400,
    "input-missing",
    /input "words" missing/,
  ],
  ["an input twice", fraudInfer, JSON.stringify({ inputs: [tensor, tensor] }), 400, "input-twice", /given twice/],
  [
    "another datatype",
    fraudInfer,
    infer({ datatype: "FP64" }),
    400,
    "input-datatype",
    /expected the datatype FP32, got the string "FP64"/,
  ],
  [
    "another shape",
    fraudInfer,
    infer({ shape: [1, 4], data: [1, 2, 3, 4] }),
    400,
    "input-shape",
    /expected the shape \[-1, 3\], got \[1, 4\]/,
  ],
  ["a shape with half a row", fraudInfer, infer({ shape: [0.5, 3] }), 400, "input-shape", /expected the shape/],
  [
    "a shape of more than there is",
    fraudInfer,
    infer({ shape: [1e12, 3] }),
    400,
    "data-count",
    /has 3000000000000 elements, "data" has 3/,
  ],
  ["an empty batch", fraudInfer, infer({ shape: [0, 3], data: [] }), 400, "batch-empty", /at least one row/],
  [
    "ragged nested data",
    fraudInfer,
    infer({
      shape: [2, 3],
      data: [
        [1, 2, 3],
        [4, 5],
      ],
    }),
    400,
    "data-shape",
    /expected a list of 3, got a list of 2/,
  ],
  [
    "null for a number",
    fraudInfer,
    infer({ data: [1, null, 3] }),
    400,
    "value-invalid",
    /element 1: expected a finite 32-bit number, got null/,
  ],
  ["1e999", fraudInfer, infer({}).replace("[1,2,3]", "[1,2,1e999]"), 400, "value-invalid", /element 2: .*out of range/],
  [
    "half a whole number",
    wordsInfer,
    JSON.stringify({
      inputs: [
        { name: "ids", datatype: "INT64", shape: [1], data: [1.5] },
        { name: "words", datatype: "BYTES", shape: [1], data: ["a"] },
      ],
    }),
    400,
    "value-invalid",
    /a whole number from/,
  ],
  [
    "an unknown output",
    fraudInfer,
    JSON.stringify({ inputs: [tensor], outputs: [{ name: "labl" }] }),
    400,
    "output-unknown",
    /did you mean "label"/,
  ],
  [
    "binary data",
    fraudInfer,
    infer({ parameters: { binary_data_size: 12 } }),
    400,
    "data-twice",
    /give "data" or "binary_data_size", not both/,
  ],
  ["an unknown model", "/v2/models/fruad/infer", infer({}), 404, "model-unknown", /no model "fruad"; served are/],
  [
    "an unknown version",
    "/v2/models/fraud/versions/9/infer",
    infer({}),
    404,
    "version-unknown",
    /version 9 of fraud is not served; served: 1, 2/,
  ],
  [
    "a version that is no number",
    "/v2/models/fraud/versions/v2/infer",
    infer({}),
    404,
    "version-unknown",
    /"v2" is no version; versions are whole numbers from 1/,
  ],
  [
    "a rejected version",
    "/v2/models/fraud/versions/3/infer",
    infer({}),
    404,
    "version-closed",
    /rejected by guard at .*: one in three fails/,
  ],
];
