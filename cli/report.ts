import type { ChangeOutput } from "../schemas/output/parts/change.ts";
import type { ChangeSetOutput } from "../schemas/output/parts/change-set.ts";
import type { RefusalOutput } from "../schemas/output/refusal.ts";
import { sortedByPlace } from "../schemas/problem.ts";
import type { Change } from "./gitops/core/change.ts";
import { allNotices } from "./gitops/core/notices.ts";
import type { Outcome, Published } from "./outcome.ts";
import { arrived, endJson } from "./report-end.ts";
import { pushedLines, renderProblems, shares, shortCommit, targetJson, wouldGo, type Printed } from "./report-parts.ts";
import { hasFailed, jsonTogether, renderTogether } from "./report-together.ts";
import type { StreamStyles, Style } from "./style.ts";

/** What a command came to that does more than tell; run.ts prints what only tells. */
type Result = Exclude<Outcome, { kind: "report" }>;

/** An outcome for people. */
export function renderText(outcome: Result, { stdout: style, stderr }: StreamStyles): Printed {
  switch (outcome.kind) {
    case "published":
    case "committed":
      return { stdout: publishedText(outcome, style), stderr: "", exitCode: 0 };
    case "pushed": {
      const { change, pushed, notices } = outcome;
      const lines = pushedLines(pushed, style);
      return done([headline(change, style), ...lines, ...traffic(change), ...notes(change, notices, style)]);
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
    case "together":
      return renderTogether(outcome, { stdout: style, stderr });
    case "followed": {
      // What was published has been printed before it was waited for.
      const { end } = outcome;
      return end.kind === "merged"
        ? { stdout: arrived(end, style), stderr: "", exitCode: 0 }
        : { stdout: "", stderr: renderProblems([end.problem], stderr), exitCode: 1 };
    }
    case "skip":
      return done([`${style.dim("nothing to do:")} ${outcome.reason}`]);
    case "refusal":
      return { stdout: "", stderr: renderProblems(outcome.problems, stderr), exitCode: 1 };
    case "streamed":
      return { stdout: "", stderr: "", exitCode: 0 };
  }
}

/** A change that is on GitHub, and where. */
export function publishedText(published: Published, style: Style): string {
  const { change, notices } = published;
  const lines = [headline(change, style), `  ${placeOf(published, style)}`, ...traffic(change)];
  return [...lines, ...notes(change, notices, style), ""].join("\n");
}

function placeOf(published: Published, style: Style): string {
  if (published.kind === "committed") {
    const { oid, branch, url } = published;
    return `commit ${shortCommit(oid)} on ${branch}: ${style.cyan(url)}`;
  }
  const { number, action, url } = published.pullRequest;
  return `pull request #${number} ${action}: ${style.cyan(url)}`;
}

/** An outcome for programs: one JSON object on stdout, whatever happened. */
export function renderJson(outcome: Result): Printed {
  if (outcome.kind === "streamed") return { stdout: "", stderr: "", exitCode: 0 };
  const body = jsonOf(outcome);
  const stopped = outcome.kind === "followed" && outcome.end.kind === "stopped";
  const failed = outcome.kind === "refusal" || stopped || (outcome.kind === "together" && hasFailed(outcome));
  return { stdout: `${JSON.stringify(body, null, 2)}\n`, stderr: "", exitCode: failed ? 1 : 0 };
}

type Body = ChangeOutput | ChangeSetOutput | RefusalOutput;

function jsonOf(outcome: Exclude<Result, { kind: "streamed" }>): Body {
  if (outcome.kind === "together") return jsonTogether(outcome);
  if (outcome.kind === "skip") return { status: "skipped", reason: outcome.reason };
  if (outcome.kind === "refusal") return { status: "refused", problems: sortedByPlace(outcome.problems) };
  if (outcome.kind === "followed") return { ...publishedJson(outcome.published), end: endJson(outcome.end) };
  switch (outcome.kind) {
    case "published":
    case "committed":
      return publishedJson(outcome);
    case "pushed":
      return { status: "pushed", ...commonOf(outcome), pushed: outcome.pushed };
    case "written":
      return { status: "written", ...commonOf(outcome), paths: outcome.paths };
    case "dry-run":
      return { status: "dry-run", ...commonOf(outcome), diff: outcome.diff, ...targetJson(outcome.target) };
  }
}

function publishedJson(outcome: Published): Extract<ChangeOutput, { status: "published" | "committed" }> {
  const common = commonOf(outcome);
  if (outcome.kind === "published") return { status: "published", ...common, pullRequest: outcome.pullRequest };
  return { status: "committed", ...common, commit: { oid: outcome.oid, url: outcome.url } };
}

function commonOf({ change, notices }: { readonly change: Change; readonly notices: readonly string[] }) {
  const { verb, environment, model, version, title, traffic } = change;
  return { verb, environment, model, version, title, traffic, notices: unique(change, notices) };
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
  return [...new Set([...allNotices(change), ...notices])];
}
