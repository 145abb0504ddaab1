/** What a request must get that something was done to, and that was answered all the same: what the model gives for what was sent. */
import { differs, predictions } from "./answers.ts";
import { readInfer, readOutputs, type Asked } from "./asked.ts";
import { jsonLengthHeader } from "./binary.ts";
import type { Heard, Message } from "./exchange.ts";
import { featureOrder, outputsFor, type Element } from "./models.ts";

type Fields = Readonly<Record<string, unknown>>;

/** What is wrong with the answer. Throws for one to what nobody could have read. `path`: as the server gets it. */
export function wrongIn(path: string, message: Message, heard: Heard): string | null {
  if (message.method !== "POST") return null;
  const body = Buffer.from(message.body ?? "");
  const [, model, version] = /^\/v2\/models\/([^/]+)(?:\/versions\/([^/]+))?\/infer\/?$/.exec(path) ?? [];
  if (model !== undefined) {
    const headers = new Headers(message.headers.map(([name, value]): [string, string] => [name, value]));
    const name = decodeURIComponent(model);
    return inferred(name, version, readInfer(name, body, headers.get(jsonLengthHeader)), heard);
  }
  const [, target] = /^\/v1\/models\/([^/]+):predict\/?$/.exec(path) ?? [];
  if (target === undefined && !/^\/predict\/?$/.test(path)) return null;
  const json = JSON.parse(body.toString()) as Fields;
  return predicted(String(target === undefined ? json["model"] : decodeURIComponent(target)), json, heard);
}

/** Of `infer`; `named`: the version in its path. */
export function inferred(
  model: string,
  named: string | undefined,
  { id, inputs, outputs: wanted }: Asked,
  heard: Heard,
): string | null {
  const { head, outputs } = readOutputs(heard.bytes, heard.headers.get(jsonLengthHeader));
  const { model_name: name, model_version: version } = head;
  const expected = outputsFor(model, Number(version), inputs);
  if (expected === null) return `version ${String(version)} answered what it fails on`;
  const asked = [model, ...(named === undefined ? [] : [Number(named)])];
  const problem =
    differs("model", [name, ...(named === undefined ? [] : [Number(version)])], asked) ??
    differs("id", [head["id"] ?? ""], [id ?? ""]) ??
    differs("outputs", [...outputs.keys()].toSorted(), [...new Set(wanted.map((output) => output.name))].toSorted());
  if (problem !== null) return problem;
  for (const [output, elements] of outputs) {
    const wrong = differs(output, elements.map(plain), (expected.get(output) ?? []).map(plain));
    if (wrong !== null) return wrong;
  }
  return null;
}

function plain(element: Element): number | string {
  return typeof element === "bigint" ? String(element) : element;
}

/** Of rows. */
function predicted(model: string, json: Fields, heard: Heard): string | null {
  const given = json["instances"] ?? json["features"] ?? json["inputs"];
  const rows: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (model !== "sum" && model !== "words") return predictions(rows.map(rowOf))(heard);
  const columns = (name: string): Element[] =>
    rows.flatMap((row) => (row as Record<string, Element | Element[]>)[name] ?? []);
  const names = model === "sum" ? ["a", "b"] : ["ids", "words"];
  const outputs = outputsFor(model, 1, new Map(names.map((name) => [name, columns(name)])));
  const reply = JSON.parse(heard.text) as { predictions: readonly (readonly number[] | Fields)[] };
  const got = reply.predictions.flatMap((row) => Object.values(row) as Element[]);
  const [first = [], second] = [...(outputs ?? new Map<string, readonly Element[]>()).values()];
  const expected = second === undefined ? first : first.flatMap((value, at) => [value, second[at] ?? ""]);
  return differs("predictions", got.map(String).map(shortened), expected.map(String).map(shortened));
}

/** Numbers of 32 bits differ in what else a text of them says. */
function shortened(text: string): string | number {
  return text.trim() === "" || Number.isNaN(Number(text)) ? text : Number(text);
}

function rowOf(row: unknown): readonly number[] {
  if (Array.isArray(row)) return (row as unknown[]).map(Number);
  const fields = row as Fields;
  return Array.isArray(fields["input"])
    ? (fields["input"] as unknown[]).map(Number)
    : featureOrder.map((name) => Number(fields[name]));
}
