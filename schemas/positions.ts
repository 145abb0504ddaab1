import { parseYaml, positionOf, type DocumentPath } from "./document.ts";
import type { Problem } from "./problem.ts";
import type { ParsedYaml } from "./whole-yaml.ts";

/** The problems with line and column of their paths; as they are, where they have them or their file is not among `files`. */
export function withPositions(problems: readonly Problem[], files: ReadonlyMap<string, string>): readonly Problem[] {
  const parsed = new Map<string, ParsedYaml>();
  return problems.map((problem) => {
    const { file = "", line, path = "" } = problem;
    const text = files.get(file);
    if (line !== undefined || path === "" || text === undefined) return problem;
    const read = parsed.get(file) ?? parseYaml(file, text);
    parsed.set(file, read);
    return { ...problem, ...positionOf(read, pathOf(path)) };
  });
}

/** `spec.previous[0]` -> `["spec", "previous", 0]`, for paths whose keys hold neither dots nor brackets. */
function pathOf(text: string): DocumentPath {
  const parts = text.match(/[^.[\]]+|\[\d+\]/g) ?? [];
  return parts.map((part) => (part.startsWith("[") ? Number(part.slice(1, -1)) : part));
}
