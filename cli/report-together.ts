import type { ChangeSetOutput } from "../schemas/output/parts/change-set.ts";
import { allNotices } from "./gitops/core/notices.ts";
import { problemsOf, type ChangeSet } from "./gitops/core/promote-all.ts";
import type { PullRequest } from "./gitops/core/ports.ts";
import type { Together } from "./outcome.ts";
import { arrived, endJson } from "./report-end.ts";
import { pushedLines, renderProblems, shares, targetJson, wouldGo, type Printed } from "./report-parts.ts";
import type { StreamStyles, Style } from "./style.ts";

/** Changes of several models that went together, a line each, and what was left out. */
export function renderTogether({ set, result }: Together, { stdout: style, stderr }: StreamStyles): Printed {
  const headline = headlineOf(set, style);
  const models = modelLines(set, result.kind === "dry-run" ? stderr : style);
  const refused = renderProblems(problemsOf(set.left), stderr);
  const exitCode = hasFailed({ set, result }) ? 1 : 0;
  const printed = (lines: readonly string[]): Printed => ({
    stdout: `${lines.join("\n")}\n`,
    stderr: refused,
    exitCode,
  });
  switch (result.kind) {
    case "published": {
      const { pullRequest, end } = result;
      if (end === undefined) return { stdout: openedText(set, pullRequest, style), stderr: refused, exitCode };
      // What was opened has been printed before it was waited for.
      return end.kind === "merged"
        ? { stdout: arrived(end, style), stderr: refused, exitCode }
        : { stdout: "", stderr: `${refused}${renderProblems([end.problem], stderr)}`, exitCode };
    }
    case "pushed":
      return printed([headline, ...pushedLines(result.pushed, style), ...models]);
    case "written":
      return printed([headline, ...result.paths.map((path) => `  wrote ${path}`), ...models]);
    case "dry-run": {
      const lines = [`${set.title} (dry run: nothing was written)`, ...wouldGo(result.target), ...models];
      return { stdout: result.diff, stderr: `${lines.join("\n")}\n${refused}`, exitCode };
    }
  }
}

/** The pull request of all changes, and where it is. */
export function openedText(set: ChangeSet, { number, action, url }: PullRequest, style: Style): string {
  const where = `  pull request #${number} ${action}: ${style.cyan(url)}`;
  return `${[headlineOf(set, style), where, ...modelLines(set, style)].join("\n")}\n`;
}

function headlineOf({ title }: ChangeSet, style: Style): string {
  return `${style.green("✓")} ${style.bold(title)}`;
}

/** Whether the command is to end with 1: some models were refused, or did not get where they were followed to. */
export function hasFailed({ set, result }: Pick<Together, "set" | "result">): boolean {
  return isPartial(set) || (result.kind === "published" && result.end?.kind === "stopped");
}

/** Whether some models were refused; one that is as it should be already is no failure. */
function isPartial({ left }: ChangeSet): boolean {
  return problemsOf(left).length > 0;
}

/** The same for programs. */
export function jsonTogether({ set, result }: Together): ChangeSetOutput {
  const { verb, environment, title, changes, left, asides = [] } = set;
  const common = {
    verb,
    environment,
    title,
    partial: isPartial(set),
    changes: changes.map((change) => {
      const { model, version, traffic } = change;
      return { model, version, traffic, notices: allNotices(change) };
    }),
    left,
    notices: asides,
  };
  switch (result.kind) {
    case "published":
      return {
        status: "published",
        ...common,
        pullRequest: result.pullRequest,
        ...(result.end && { end: endJson(result.end) }),
      };
    case "pushed":
      return { status: "pushed", ...common, pushed: result.pushed };
    case "written":
      return { status: "written", ...common, paths: result.paths };
    case "dry-run":
      return { status: "dry-run", ...common, diff: result.diff, ...targetJson(result.target) };
  }
}

function modelLines({ changes, left, asides = [] }: ChangeSet, style: Style): readonly string[] {
  const note = style.yellow("note:");
  const changed = changes.flatMap((change) => {
    const { model, traffic } = change;
    const before = traffic.before.length === 0 ? "none" : shares(traffic.before);
    const notes = allNotices(change).map((notice) => `    ${note} ${notice}`);
    return [`  ${model}: ${before} -> ${shares(traffic.after)}`, ...notes];
  });
  const stay = left.map(({ model, reason }) => `  ${style.yellow("left out:")} ${model}: ${reason}`);
  return [...changed, ...stay, ...asides.map((notice) => `  ${note} ${notice}`)];
}
