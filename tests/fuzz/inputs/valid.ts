/** Requests that are right, each with numbers of its own, and what must be answered to each. */
import { classes, differs, outputsOf, predictions, unexpected } from "./answers.ts";
import { binaryNotFinite, binarySum, binaryWords } from "./binary.ts";
import type { InputCase, Judge } from "./exchange.ts";
import { canaryVersion, failsFrom, featureOrder } from "./models.ts";
import type { Draw } from "./random.ts";

type Valid = Omit<InputCase, "leavesAfterMs">;

const json = [["content-type", "application/json"]] as const;

/** Makes one right request. */
export function validCase(draw: Draw): Valid {
  return draw.pick([
    predictRows,
    predictV1,
    binarySum,
    binaryWords,
    binaryNotFinite,
    predictNamed,
    inferFraud,
    inferFraud,
    inferVersion,
    inferWords,
    inferSum,
    predictSum,
    inferSlow,
  ])(draw);
}

/** Few rows fail the canary: stable answers for it only as long as its budget lasts. */
function rowsOf(draw: Draw, most: number, mayFail: boolean): number[][] {
  return draw.list(draw.whole(1, most), () => {
    const fails = mayFail && draw.chance(0.02);
    const first = fails ? draw.whole(failsFrom, 99) : draw.whole(-9000, 9000) / 1000;
    // Near it, or all probabilities would be the same few.
    return [first, first + draw.whole(-3000, 3000) / 1000, draw.whole(-9, 9)];
  });
}

function post(path: string, body: unknown): Valid["message"] {
  return { method: "POST", path, headers: json, body: JSON.stringify(body) };
}

function predictRows(draw: Draw): Valid {
  const rows = rowsOf(draw, 5, true);
  const field = draw.pick(["instances", "features"]);
  return { kind: "predict", message: post("/predict", { model: "fraud", [field]: rows }), judge: predictions(rows) };
}

function predictV1(draw: Draw): Valid {
  const rows = rowsOf(draw, 3, true);
  const field = draw.pick(["instances", "inputs"]);
  return { kind: "v1", message: post("/v1/models/fraud:predict", { [field]: rows }), judge: predictions(rows) };
}

function predictNamed(draw: Draw): Valid {
  const [row = []] = rowsOf(draw, 1, true);
  const names = draw.chance(0.5) ? featureOrder : featureOrder.toReversed();
  const features = Object.fromEntries(names.map((name) => [name, row[featureOrder.indexOf(name)]]));
  return {
    kind: "predict by name",
    message: post("/predict", { model: "fraud", features }),
    judge: predictions([row]),
  };
}

const fp32 = (name: string, rows: readonly (readonly number[])[], nested: boolean) => {
  const shape = [rows.length, rows[0]?.length ?? 0];
  return { name, datatype: "FP32", shape, data: nested ? rows : rows.flat() };
};

function inferFraud(draw: Draw): Valid {
  const rows = rowsOf(draw, 4, true);
  const id = String(draw.whole(0, 1e9));
  const message = post("/v2/models/fraud/infer", { id, inputs: [fp32("input", rows, draw.chance(0.3))] });
  return { kind: "infer", message, judge: classes(rows, id) };
}

function inferVersion(draw: Draw): Valid {
  const version = draw.whole(1, 3);
  const rows = rowsOf(draw, 3, version !== canaryVersion);
  const id = String(draw.whole(0, 1e9));
  const message = post(`/v2/models/fraud/versions/${version}/infer`, { id, inputs: [fp32("input", rows, false)] });
  const judge = classes(rows, id);
  return {
    kind: "infer by version",
    message,
    judge: (heard) => judge(heard) ?? differs("version", [heard.headers.get("x-mmsp-version")], [String(version)]),
  };
}

function inferSlow(draw: Draw): Valid {
  // Most of these would stand in line for longer than the others take.
  if (draw.chance(0.9)) return inferFraud(draw);
  const rows = rowsOf(draw, 1, false);
  const message = post("/v2/models/slow/infer", { id: "slow", inputs: [fp32("input", rows, false)] });
  return { kind: "infer in a worker", message, judge: classes(rows, "slow") };
}

function inferWords(draw: Draw): Valid {
  const count = draw.whole(1, 4);
  const ids = draw.list(count, () => draw.whole(-1e9, 1e9));
  const words = draw.list(count, () => draw.pick(["ä", "", "日本", "x".repeat(40), "😀"]) + draw.whole(0, 1e6));
  const inputs = [
    { name: "words", datatype: "BYTES", shape: [count], data: words },
    { name: "ids", datatype: "INT64", shape: [count], data: ids },
  ];
  const judge: Judge = (heard) => {
    if (heard.status !== 200) return unexpected(heard);
    const { doubled, echo } = outputsOf(heard);
    return (
      differs(
        "doubled",
        doubled,
        ids.map((id) => 2 * id),
      ) ?? differs("echo", echo, words)
    );
  };
  return { kind: "infer words", message: post("/v2/models/words/infer", { inputs }), judge };
}

function pairs(draw: Draw) {
  const count = draw.whole(1, 3);
  const rows = () => draw.list(count, () => [draw.whole(-9999, 9999) / 8, draw.whole(-9999, 9999) / 8]);
  const [a, b] = [rows(), rows()];
  return { a, b, sum: a.map((row, at) => row.map((value, column) => value + (b[at]?.[column] ?? 0))) };
}

function inferSum(draw: Draw): Valid {
  const { a, b, sum } = pairs(draw);
  const message = post("/v2/models/sum/infer", { inputs: [fp32("b", b, false), fp32("a", a, false)] });
  const judge: Judge = (heard) =>
    heard.status === 200 ? differs("sum", outputsOf(heard)["sum"], sum.flat()) : unexpected(heard);
  return { kind: "infer sum", message, judge };
}

function predictSum(draw: Draw): Valid {
  const { a, b, sum } = pairs(draw);
  const instances = a.map((row, at) => ({ a: row, b: b[at] }));
  const judge: Judge = (heard) =>
    heard.status === 200
      ? differs("sum", (JSON.parse(heard.text) as { predictions: unknown[][] }).predictions.flat(), sum.flat())
      : unexpected(heard);
  return { kind: "predict sum", message: post("/predict", { model: "sum", instances }), judge };
}
