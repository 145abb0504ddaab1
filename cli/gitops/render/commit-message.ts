import type { Change } from "../core/change.ts";
import { defused } from "./safe-text.ts";
import { trafficSentence } from "./traffic.ts";

const subjectWidth = 72;
const bodyWidth = 72;

/**
 * Subject of at most 72 characters, why in a few lines, and trailers for readers: `mmsp-change: <verb> <env>/<model>/<version>`
 * (`registry` where there is no environment), and of a rollback `mmsp-rollback: <env>/<model>/<version>/<attempt>`.
 */
export function commitMessage(change: Change): string {
  const { verb, model, version, rejection, notices } = change;
  const environment = change.environment ?? "registry";
  const reasons = rejection === null ? [] : [`Taken out by ${judges[rejection.by]}: ${defused(rejection.reason)}`];
  const body = [trafficSentence(change), ...reasons, ...notices.map((notice) => `Note: ${defused(notice)}`)];
  const trailers = [`mmsp-change: ${verb} ${environment}/${model}/${version}`];
  if (rejection !== null) {
    trailers.push(`mmsp-rollback: ${environment}/${model}/${rejection.version}/${rejection.attempt}`);
  }
  return [subject(change.title), body.map((line) => wrapped(line)).join("\n"), trailers.join("\n")].join("\n\n") + "\n";
}

const judges = { guard: "the guard", alert: "an alert", person: "a person" } as const;

function subject(title: string): string {
  const line = defused(title);
  if (line.length <= subjectWidth) return line;
  const cut = line.slice(0, subjectWidth - 2);
  return `${cut.slice(0, Math.max(cut.lastIndexOf(" "), subjectWidth / 2)).trimEnd()} …`;
}

/** Breaks at spaces; a longer word stays whole. Later lines are indented, so that none of them looks like a trailer. */
function wrapped(text: string): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > bodyWidth) {
      lines.push(line);
      line = `  ${word}`;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line].join("\n");
}
