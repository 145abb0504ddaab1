import type { Change } from "../core/change.ts";
import { titleOfAll } from "../core/promote-all.ts";
import { defused } from "./safe-text.ts";
import { trafficSentence } from "./traffic.ts";

const subjectWidth = 72;
const bodyWidth = 72;

/**
 * Subject of at most 72 characters, why in a few lines, and trailers for readers: `mmsp-change: <verb> <env>/<model>/<version>`
 * (`registry` where there is no environment), and of a rollback `mmsp-rollback: <env>/<model>/<version>/<attempt>`. With
 * `others` (rollbacks, or promotions, all of them), a paragraph and its trailers for each.
 */
export function commitMessage(first: Change, ...others: readonly Change[]): string {
  const changes = [first, ...others];
  const [title, paragraphs] =
    others.length === 0
      ? [first.title, [reasonsOf(first)]]
      : [sharedTitle(changes), changes.map((change) => [defused(change.title), ...reasonsOf(change)])];
  const body = paragraphs.map((lines) => lines.map((line) => wrapped(line)).join("\n"));
  return [subject(title), ...body, changes.flatMap(trailersOf).join("\n")].join("\n\n") + "\n";
}

function sharedTitle(changes: readonly Change[]): string {
  if (changes.every(({ verb }) => verb === "promote")) return titleOfAll(changes);
  const models = new Set(changes.map(({ model }) => model));
  const environments = new Set(changes.flatMap(({ environment }) => environment ?? []));
  const of = models.size === 1 ? ` of ${[...models].join("")}` : "";
  return `Roll back ${changes.length} versions${of} in ${[...environments].join(" and ")}`;
}

const judges = { guard: "the guard", alert: "an alert", person: "a person" } as const;

function reasonsOf(change: Change): readonly string[] {
  const { rejection, notices } = change;
  const reasons = rejection === null ? [] : [`Taken out by ${judges[rejection.by]}: ${defused(rejection.reason)}`];
  return [trafficSentence(change), ...reasons, ...notices.map((notice) => `Note: ${defused(notice)}`)];
}

function trailersOf({ verb, environment, model, version, rejection }: Change): readonly string[] {
  const place = `${environment ?? "registry"}/${model}`;
  const own = `mmsp-change: ${verb} ${place}/${version}`;
  return rejection === null ? [own] : [own, `mmsp-rollback: ${place}/${rejection.version}/${rejection.attempt}`];
}

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
