import type { PullState } from "./follow.ts";

/** What made one of mmsp's own branches. */
export interface Behind {
  /** The whole command, for whoever only waits: run again, it plans the same anew. */
  readonly command: string;
  /** Of a change of what is served of one model. */
  readonly rollout: { readonly environment: string; readonly model: string; readonly version: number } | null;
}

/**
 * By the names of a branch and, where a promotion came from, by the title of its pull request, which people may have written
 * over. null of somebody's own branch.
 */
export function behindBranch({ branch, title }: Pick<PullState, "branch" | "title">): Behind | null {
  const [, model, registered] = /^mmsp\/registry\/([^/]+)\/(\d+)-[0-9a-f]{8}(?:-\d+)?$/.exec(branch) ?? [];
  if (model !== undefined) {
    return { command: `mmsp register ${model} --version ${registered} --model-path FILE`, rollout: null };
  }
  if (/^mmsp\/gc\/registry(?:-\d+)?$/.test(branch)) return { command: "mmsp gc --apply", rollout: null };
  const [, together] = /^mmsp\/([^/]+)\/_all\/promote-[0-9a-f]{8}(?:-\d+)?$/.exec(branch) ?? [];
  if (together !== undefined) return { command: `mmsp promote --all ${promoting(together, title)}`, rollout: null };
  const [, environment, name, verb, number] =
    /^mmsp\/([^/]+)\/([^/]+)\/(deploy|promote|rollback)-(\d+)(?:-\d+)?$/.exec(branch) ?? [];
  if (environment === undefined || name === undefined) return null;
  const place = verb === "promote" ? promoting(environment, title) : `--env ${environment}`;
  return {
    command: `mmsp ${verb} ${name} --version ${number} ${place}`,
    rollout: { environment, model: name, version: Number(number) },
  };
}

/** A promotion between environments lies in the folder of the one that it goes to. */
function promoting(environment: string, title: string): string {
  const [, from, to] = /^Promote .+ from ([a-z0-9-]+) to ([a-z0-9-]+)(?: |$)/.exec(title) ?? [];
  if (to === environment) return `--env ${from} --to ${to}`;
  // Of several, the title does not say where they come from.
  return /^Promote \d+ versions to /.test(title) ? `--env ENV --to ${environment}` : `--env ${environment}`;
}
