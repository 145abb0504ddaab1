import { parse } from "yaml";
import type { Workflow } from "../../core/readiness/facts.ts";

/** What a workflow file says; one that is no YAML says nothing. */
export function readWorkflow(text: string): Workflow {
  const uses = [...text.matchAll(/\bsecrets\.([A-Za-z_]\w*)/g)].map((match) => match[1] ?? "");
  const { env, jobs } = parsed(text);
  const source = env?.["MMSP_SOURCE"];
  const name = jobs?.["validate"]?.name;
  return {
    source: source === undefined ? null : typeof source === "string" ? source.trim() : "",
    check: typeof name === "string" ? name : "validate",
    secrets: [...new Set(uses)].filter((secret) => secret !== "GITHUB_TOKEN"),
  };
}

interface Document {
  readonly env?: Readonly<Record<string, unknown>>;
  readonly jobs?: Readonly<Record<string, { readonly name?: unknown } | null>>;
}

function parsed(text: string): Document {
  try {
    return (parse(text) ?? {}) as Document;
  } catch {
    return {};
  }
}
