import { formatProblem, type Problem } from "../schemas/problem.ts";
import type { Change } from "./gitops/core/change.ts";
import type { Outcome } from "./outcome.ts";
import { jsonTogether, renderTogether } from "./report-together.ts";
import { pushedLines, shares, targetJson, wouldGo, type Printed } from "./report-parts.ts";
import type { Style } from "./style.ts";

/** An outcome for people. */
export function renderText(outcome: Outcome, style: Style): Printed {
  switch (outcome.kind) {
    case "published": {
      const { change, pullRequest, notices } = outcome;
      const pull = `pull request #${pullRequest.number} ${pullRequest.action}: ${style.cyan(pullRequest.url)}`;
      return done([headline(change, style), `  ${pull}`, ...traffic(change), ...notes(change, notices, style)]);
    }
    case "pushed": {
      const { change, pushed, notices } = outcome;
      const lines = pushedLines(pushed, style);
      return done([headline(change, style), ...lines, ...traffic(change), ...notes(change, notices, style)]);
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
        ...notes(change, notices, style),
      ];
      return { stdout: outcome.diff, stderr: `${lines.join("\n")}\n`, exitCode: 0 };
    }
    case "together":
      return renderTogether(outcome, style);
    case "skip":
      return done([`${style.dim("nothing to do:")} ${outcome.reason}`]);
    case "refusal":
      return { stdout: "", stderr: renderProblems(outcome.problems, style), exitCode: 1 };
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

function jsonOf(outcome: Exclude<Outcome, { kind: "report" }>): object {
  if (outcome.kind === "together") return jsonTogether(outcome);
  if (outcome.kind === "skip") return { status: "skipped", reason: outcome.reason };
  if (outcome.kind === "refusal") return { status: "refused", problems: outcome.problems };
  const { change, notices } = outcome;
  const common = {
    status: outcome.kind,
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
      return { ...common, pullRequest: outcome.pullRequest };
    case "pushed":
      return { ...common, pushed: outcome.pushed };
    case "committed":
      return { ...common, commit: { oid: outcome.oid, url: outcome.url } };
    case "written":
      return { ...common, paths: outcome.paths };
    case "dry-run":
      return { ...common, diff: outcome.diff, ...targetJson(outcome.target) };
  }
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

function notes(change: Change, notices: readonly string[], style: Style): string[] {
  return unique(change, notices).map((notice) => `  ${style.yellow("note:")} ${notice}`);
}

/** Planning and publishing may come upon the same thing. */
function unique(change: Change, notices: readonly string[]): readonly string[] {
  return [...new Set([...change.notices, ...notices])];
}
