import { formatProblem, sortedByPlace, type Problem } from "../schemas/problem.ts";
import type { ChangeOutput } from "../schemas/output/parts/change.ts";
import type { Share } from "./gitops/core/change.ts";
import type { PushedBranch } from "./gitops/core/ports.ts";
import type { Outcome } from "./outcome.ts";
import type { Style } from "./style.ts";

/** What to print, where, and how to exit: 0 done or nothing to do, 1 refused or failed. */
export interface Printed {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: 0 | 1;
}

type DryRunOutput = Extract<ChangeOutput, { status: "dry-run" }>;
type Target = Extract<Outcome, { kind: "dry-run" }>["target"];

/** Where a change would go; of a working tree the diff says it. */
export function wouldGo(target: Target): readonly string[] {
  if (target.kind === "tree") return [];
  if (target.kind === "commit") return [`  would be a commit on ${target.branch}`];
  if (target.kind === "branch") {
    const { branch, base, action } = target;
    const verb = { pushed: "would push", updated: "would update", unchanged: "would change nothing of" }[action];
    return [`  ${verb} the branch ${branch}, to be merged into ${base}`];
  }
  const { branch, base, action, number, url } = target;
  if (action === "opened") return [`  would open a pull request from ${branch} into ${base}`];
  const place = `pull request #${number} (${branch}): ${url}`;
  return [action === "updated" ? `  would update ${place}` : `  would change nothing of ${place}`];
}

/** The same for programs. */
export function targetJson(target: Target): Pick<DryRunOutput, "commit" | "pullRequest" | "pushed"> {
  switch (target.kind) {
    case "tree":
      return {};
    case "commit":
      return { commit: { branch: target.branch, message: target.message } };
    case "branch": {
      const { kind: _kind, ...pushed } = target;
      return { pushed };
    }
    case "pull-request": {
      const { kind: _kind, ...pullRequest } = target;
      return { pullRequest };
    }
  }
}

/** What was pushed, and what is left to a person: on this remote mmsp opens nothing. */
export function pushedLines({ branch, base, action, remote, url }: PushedBranch, style: Style): readonly string[] {
  const done = action === "unchanged" ? `is on ${remote} already` : `${action} on ${remote}`;
  const place = url === null ? "" : `: ${style.cyan(url)}`;
  return [`  branch ${branch} ${done}`, `  next: open a merge request from ${branch} into ${base}${place}`];
}

/** A commit as people name it. */
export function shortCommit(oid: string): string {
  return oid.slice(0, 7);
}

/** `version 2 stable 90 %, version 3 canary 10 %` */
export function shares(all: readonly Share[]): string {
  return all.map(({ version, phase, percent }) => `version ${version} ${phase} ${percent} %`).join(", ");
}

/** Problems as compilers print them, one a paragraph, by file and line. */
export function renderProblems(problems: readonly Problem[], style: Style): string {
  return sortedByPlace(problems)
    .map((problem) => `${style.red("error:")} ${formatProblem(problem)}\n`)
    .join("");
}
