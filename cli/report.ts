import { formatProblem, type Problem } from "../schemas/problem.ts";
import type { ChangeOutput } from "../schemas/output/parts/change.ts";
import type { RefusalOutput } from "../schemas/output/refusal.ts";
import type { Change, Share } from "./gitops/core/change.ts";
import type { Outcome } from "./outcome.ts";
import type { StreamStyles, Style } from "./style.ts";

/** What to print, where, and how to exit: 0 done or nothing to do, 1 refused or failed. */
export interface Printed {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: 0 | 1;
}

/** An outcome for people. */
export function renderText(outcome: Outcome, { stdout: style, stderr }: StreamStyles): Printed {
  switch (outcome.kind) {
    case "published": {
      const { change, pullRequest, notices } = outcome;
      const pull = `pull request #${pullRequest.number} ${pullRequest.action}: ${style.cyan(pullRequest.url)}`;
      return done([headline(change, style), `  ${pull}`, ...traffic(change), ...notes(change, notices, style)]);
    }
    case "committed": {
      const { change, oid, notices } = outcome;
      const commit = `commit ${oid.slice(0, 12)} on the base branch`;
      return done([headline(change, style), `  ${commit}`, ...traffic(change), ...notes(change, notices, style)]);
    }
    case "written": {
      const { change, paths, notices } = outcome;
      const files = paths.map((path) => `  wrote ${path}`);
      return done([headline(change, style), ...files, ...traffic(change), ...notes(change, notices, style)]);
    }
    case "dry-run": {
      const { change, target, notices } = outcome;
      const lines = [
        `${change.title} (dry run: nothing was written)`,
        ...wouldGo(target),
        ...traffic(change),
        ...notes(change, notices, stderr),
      ];
      return { stdout: outcome.diff, stderr: `${lines.join("\n")}\n`, exitCode: 0 };
    }
    case "skip":
      return done([`${style.dim("nothing to do:")} ${outcome.reason}`]);
    case "refusal":
      return { stdout: "", stderr: renderProblems(outcome.problems, stderr), exitCode: 1 };
    case "report":
      return { stdout: outcome.text, stderr: "", exitCode: outcome.ok ? 0 : 1 };
  }
}

/** An outcome for programs: one JSON object on stdout, whatever happened. */
export function renderJson(outcome: Outcome): Printed {
  const body = outcome.kind === "report" ? outcome.json : jsonOf(outcome);
  const failed = outcome.kind === "refusal" || (outcome.kind === "report" && !outcome.ok);
  return { stdout: `${JSON.stringify(body, null, 2)}\n`, stderr: "", exitCode: failed ? 1 : 0 };
}

/** Problems as compilers print them, one a paragraph. */
function renderProblems(problems: readonly Problem[], style: Style): string {
  return problems.map((problem) => `${style.red("error:")} ${formatProblem(problem)}\n`).join("");
}

function jsonOf(outcome: Exclude<Outcome, { kind: "report" }>): ChangeOutput | RefusalOutput {
  if (outcome.kind === "skip") return { status: "skipped", reason: outcome.reason };
  if (outcome.kind === "refusal") return { status: "refused", problems: outcome.problems };
  const { change, notices } = outcome;
  const common = {
    verb: change.verb,
    environment: change.environment,
    model: change.model,
    version: change.version,
    title: change.title,
    traffic: change.traffic,
    notices: unique(change, notices),
  };
  switch (outcome.kind) {
    case "published":
      return { status: "published", ...common, pullRequest: outcome.pullRequest };
    case "committed":
      return { status: "committed", ...common, commit: { oid: outcome.oid, url: outcome.url } };
    case "written":
      return { status: "written", ...common, paths: outcome.paths };
    case "dry-run":
      return { status: "dry-run", ...common, diff: outcome.diff, ...targetJson(outcome.target) };
  }
}

type Target = Extract<Outcome, { kind: "dry-run" }>["target"];

/** Where a change would go; of a working tree the diff says it. */
function wouldGo(target: Target): readonly string[] {
  if (target.kind === "tree") return [];
  if (target.kind === "commit") return [`  would be a commit on ${target.branch}`];
  const { branch, base, action, number, url } = target;
  if (action === "opened") return [`  would open a pull request from ${branch} into ${base}`];
  const place = `pull request #${number} (${branch}): ${url}`;
  return [action === "updated" ? `  would update ${place}` : `  would change nothing of ${place}`];
}

type DryRunOutput = Extract<ChangeOutput, { status: "dry-run" }>;

function targetJson(target: Target): Pick<DryRunOutput, "commit" | "pullRequest"> {
  if (target.kind === "tree") return {};
  if (target.kind === "commit") return { commit: { branch: target.branch, message: target.message } };
  const { kind: _kind, ...pullRequest } = target;
  return { pullRequest };
}

function done(lines: readonly string[]): Printed {
  return { stdout: `${lines.join("\n")}\n`, stderr: "", exitCode: 0 };
}

function headline(change: Change, style: Style): string {
  return `${style.green("✓")} ${style.bold(change.title)}`;
}

function traffic(change: Change): string[] {
  if (change.traffic.after.length === 0) return [];
  const before = change.traffic.before.length === 0 ? "none" : shares(change.traffic.before);
  return [`  traffic: ${before} -> ${shares(change.traffic.after)}`];
}

function shares(all: readonly Share[]): string {
  return all.map(({ version, phase, percent }) => `version ${version} ${phase} ${percent} %`).join(", ");
}

function notes(change: Change, notices: readonly string[], style: Style): string[] {
  return unique(change, notices).map((notice) => `  ${style.yellow("note:")} ${notice}`);
}

/** Planning and publishing may come upon the same thing. */
function unique(change: Change, notices: readonly string[]): readonly string[] {
  return [...new Set([...change.notices, ...notices])];
}
