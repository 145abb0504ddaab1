import { parse } from "yaml";
import type { Workflow } from "../../core/readiness/facts.ts";

/** What a workflow file says; one that is no YAML says nothing. */
export function readWorkflow(text: string): Workflow {
  const document = parsed(text);
  const { env, jobs } = document;
  const always = { ...document, jobs: Object.values(jobs ?? {}).filter((job) => !isOptional(job)) };
  const uses = [...JSON.stringify(always).matchAll(/\bsecrets\.([A-Za-z_]\w*)/g)].map((match) => match[1] ?? "");
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
  readonly jobs?: Readonly<Record<string, Job | null>>;
}

interface Job {
  readonly name?: unknown;
  readonly if?: unknown;
}

/** A job that runs only where a variable of the repository asks for it: its secrets are nobody's lack. */
function isOptional(job: Job | null): boolean {
  return typeof job?.if === "string" && /\bvars\.\w/.test(job.if);
}

function parsed(text: string): Document {
  try {
    return (parse(text) ?? {}) as Document;
  } catch {
    return {};
  }
}
