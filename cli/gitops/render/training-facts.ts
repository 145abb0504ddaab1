import type { ModelVersion } from "../../../schemas/model-version.ts";
import { keysOf, valueAt } from "./compare.ts";
import { table } from "./markdown.ts";
import { code } from "./safe-text.ts";

/** Params of the run that trained a version, beside those of another; null where there are none. */
export function paramsTable(from: ModelVersion | null, to: ModelVersion): string | null {
  const now = to.spec.provenance.params ?? {};
  const old = from?.spec.provenance.params ?? {};
  const names = [...new Set([...keysOf(now), ...keysOf(old)])];
  if (names.length === 0) return null;
  const cell = (facts: Readonly<Record<string, unknown>>, name: string): string => {
    const value = valueAt(facts, name);
    return typeof value === "string" ? code(value, "cell") : "";
  };
  if (from === null) {
    const rows = names.map((name) => [code(name, "cell"), cell(now, name)]);
    return table(["Param", `Version ${to.spec.version}`], rows);
  }
  const rows = names.map((name) => [code(name, "cell"), cell(old, name), cell(now, name)]);
  return table(["Param", `Version ${from.spec.version}`, `Version ${to.spec.version}`], rows);
}

/** Tags of a version and of the run that trained it; null where there are none. */
export function tagsTable({ spec }: ModelVersion): string | null {
  const tags = Object.entries(spec.provenance.tags ?? {});
  if (tags.length === 0) return null;
  const rows = tags.map(([name, value]) => [code(name, "cell"), code(value, "cell")]);
  return table(["Tag", `Version ${spec.version}`], rows);
}
