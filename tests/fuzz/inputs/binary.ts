/** Right requests with binary tensor data, written and read apart from the gateway's own code. */
import { differs, unexpected } from "./answers.ts";
import type { Heard, InputCase, Judge } from "./exchange.ts";
import type { Draw } from "./random.ts";

type Valid = Omit<InputCase, "leavesAfterMs">;

interface Part {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly bytes: Buffer;
}

export const jsonLengthHeader = "inference-header-content-length";

/** `sum`: floats at whatever place in the body the JSON before them leaves them. */
export function binarySum(draw: Draw): Valid {
  const count = draw.whole(1, 3);
  const values = () => draw.list(2 * count, () => draw.whole(-9999, 9999) / 8);
  const [a, b] = [values(), values()];
  const parts = sumParts(count, a, b);
  const sum = a.map((value, at) => value + (b[at] ?? 0));
  const judge: Judge = (heard) => {
    if (heard.status !== 200) return unexpected(heard);
    const bytes = outputOf(heard, "sum");
    return differs(
      "sum",
      Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readFloatLE(4 * at)),
      sum,
    );
  };
  return { kind: "binary sum", message: messageOf(draw, "sum", parts), judge };
}

/** `sum` of numbers of which one is none, or overflows: no JSON, which is what is asked for, can carry that. */
export function binaryNotFinite(draw: Draw): Valid {
  const count = draw.whole(1, 3);
  const values = draw.list(2 * count, () => draw.whole(-9999, 9999) / 8);
  const hard = values.with(draw.whole(0, values.length - 1), draw.pick([NaN, Infinity, -Infinity, 3e38]));
  const judge: Judge = (heard) => {
    const isTold = heard.status === 422 && heard.text.includes("not a finite number");
    return isTold ? null : `numbers that are no JSON got ${heard.status}: ${heard.text.slice(0, 300)}`;
  };
  const message = messageOf(draw, "sum", sumParts(count, hard, hard), false);
  return { kind: "binary numbers that are not finite", message, judge };
}

function sumParts(count: number, a: readonly number[], b: readonly number[]): readonly Part[] {
  const shape = [count, 2];
  return Object.entries({ a, b }).map(([name, data]) => ({ name, datatype: "FP32", shape, bytes: floatsOf(data) }));
}

/** `words`: text, each with its length before it. */
export function binaryWords(draw: Draw): Valid {
  const count = draw.whole(1, 4);
  const ids = draw.list(count, () => BigInt(draw.whole(-1e9, 1e9)) << BigInt(draw.whole(0, 20)));
  const words = draw.list(count, () => draw.pick(["ä", "", "日本", "😀"]) + draw.whole(0, 1e6));
  const shape = [count];
  const parts = [
    { name: "ids", datatype: "INT64", shape, bytes: wholesOf(ids) },
    { name: "words", datatype: "BYTES", shape, bytes: textsOf(words) },
  ];
  const judge: Judge = (heard) => {
    if (heard.status !== 200) return unexpected(heard);
    const [doubled, echo] = [outputOf(heard, "doubled"), outputOf(heard, "echo")];
    const got = Array.from({ length: doubled.length / 8 }, (_, at) => doubled.readBigInt64LE(8 * at));
    return (
      differs(
        "doubled",
        got.map(String),
        ids.map((id) => String(2n * id)),
      ) ?? differs("echo", [echo.toString("hex")], [textsOf(words).toString("hex")])
    );
  };
  return { kind: "binary words", message: messageOf(draw, "words", parts), judge };
}

function messageOf(draw: Draw, model: string, parts: readonly Part[], isBinary = true): Valid["message"] {
  const inputs = parts.map(({ bytes, ...rest }) => ({ ...rest, parameters: { binary_data_size: bytes.length } }));
  const id = "x".repeat(draw.whole(0, 9));
  const head = Buffer.from(JSON.stringify({ id, inputs, parameters: { binary_data_output: isBinary } }));
  return {
    method: "POST",
    path: `/v2/models/${model}/infer`,
    headers: [[jsonLengthHeader, String(head.length)]],
    body: Buffer.concat([head, ...parts.map(({ bytes }) => bytes)]),
  };
}

/** Bytes of one output of a reply. */
function outputOf({ headers, bytes }: Heard, wanted: string): Buffer {
  const all = Buffer.from(bytes);
  let at = Number(headers.get(jsonLengthHeader));
  const { outputs } = JSON.parse(all.toString("utf8", 0, at)) as {
    outputs: { name: string; parameters: { binary_data_size: number } }[];
  };
  for (const { name, parameters } of outputs) {
    if (name === wanted) return all.subarray(at, at + parameters.binary_data_size);
    at += parameters.binary_data_size;
  }
  throw new Error(`there is no output ${wanted}`);
}

function floatsOf(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, at) => bytes.writeFloatLE(value, 4 * at));
  return bytes;
}

function wholesOf(values: readonly bigint[]): Buffer {
  const bytes = Buffer.alloc(8 * values.length);
  values.forEach((value, at) => bytes.writeBigInt64LE(value, 8 * at));
  return bytes;
}

function textsOf(words: readonly string[]): Buffer {
  return Buffer.concat(
    words.flatMap((word) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(Buffer.byteLength(word));
      return [length, Buffer.from(word)];
    }),
  );
}
