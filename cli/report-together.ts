import type { Change } from "./gitops/core/change.ts";
import type { ChangeSet } from "./gitops/core/promote-all.ts";
import type { Outcome } from "./outcome.ts";
import { pushedLines, shares, targetJson, wouldGo, type Printed } from "./report-parts.ts";
import type { Style } from "./style.ts";

type Together = Extract<Outcome, { kind: "together" }>;

/** Changes of several models that went together, a line each, and what was left out. */
export function renderTogether({ set, result }: Together, style: Style): Printed {
  const headline = `${style.green("✓")} ${style.bold(set.title)}`;
  const models = [...set.changes.flatMap((change) => modelLines(change, style)), ...leftLines(set, style)];
  switch (result.kind) {
    case "published": {
      const { number, action, url } = result.pullRequest;
      return printed([headline, `  pull request #${number} ${action}: ${style.cyan(url)}`, ...models]);
    }
    case "pushed":
      return printed([headline, ...pushedLines(result.pushed, style), ...models]);
    case "written":
      return printed([headline, ...result.paths.map((path) => `  wrote ${path}`), ...models]);
    case "dry-run": {
      const lines = [`${set.title} (dry run: nothing was written)`, ...wouldGo(result.target), ...models];
      return { stdout: result.diff, stderr: `${lines.join("\n")}\n`, exitCode: 0 };
    }
  }
}

export function jsonTogether({ set, result }: Together): object {
  const { verb, environment, title, changes, left } = set;
  const common = {
    status: result.kind,
    verb,
    environment,
    title,
    changes: changes.map(({ model, version, traffic, notices }) => ({ model, version, traffic, notices })),
    left,
  };
  switch (result.kind) {
    case "published":
      return { ...common, pullRequest: result.pullRequest };
    case "pushed":
      return { ...common, pushed: result.pushed };
    case "written":
      return { ...common, paths: result.paths };
    case "dry-run":
      return { ...common, diff: result.diff, ...targetJson(result.target) };
  }
}

function modelLines({ model, traffic, notices }: Change, style: Style): readonly string[] {
  const before = traffic.before.length === 0 ? "none" : shares(traffic.before);
  const notes = notices.map((notice) => `    ${style.yellow("note:")} ${notice}`);
  return [`  ${model}: ${before} -> ${shares(traffic.after)}`, ...notes];
}

function leftLines({ left }: ChangeSet, style: Style): readonly string[] {
  return left.map(({ model, reason }) => `  ${style.yellow("left out:")} ${model}: ${reason}`);
}

function printed(lines: readonly string[]): Printed {
  return { stdout: `${lines.join("\n")}\n`, stderr: "", exitCode: 0 };
}
