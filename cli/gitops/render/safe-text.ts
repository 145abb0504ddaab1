/**
 * Text from outside (reasons, evidence, names in model files) on its way into Markdown and commit messages: nobody is to be
 * pinged, no issue closed, nothing rendered, and each piece stays on its line.
 */

/** White space, control and direction characters become single spaces. */
function oneLine(text: string): string {
  return text.replaceAll(/[\s\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ").trim();
}

/** A code span, in which GitHub neither renders nor links anything. `cell`: inside a table, where pipes end a cell. */
export function code(text: string, place: "line" | "cell" = "line"): string {
  const line = oneLine(text);
  if (line === "") return "``` ```";
  const longest = Math.max(0, ...(line.match(/`+/g) ?? []).map((run) => run.length));
  const fence = "`".repeat(longest + 1);
  const padding = line.startsWith("`") || line.endsWith("`") ? " " : "";
  const span = fence + padding + line + padding + fence;
  return place === "cell" ? span.replaceAll("|", "\\|") : span;
}

/**
 * A sentence: its punctuation is only punctuation, and what GitHub would link or ping stands in code spans. `pulls`: numbers of
 * pull requests that it names on purpose, which are links.
 */
export function prose(text: string, pulls: readonly number[] = []): string {
  const ours = new Set(pulls.map((number) => `#${number}`));
  const words = oneLine(text).split(" ");
  return words.map((word) => (ours.has(word) ? word : linked.test(word) ? spanned(word) : escaped(word))).join(" ");
}

const linked = /[@#]|:\/\/|www\.|\bGH-\d|^[0-9a-f]{7,64}$/i;

/** The sentence's own punctuation stands outside of the span. */
function spanned(word: string): string {
  const [, lead = "", name = word, tail = ""] = /^([("']*)(.*?)([)"',.;:!?]*)$/.exec(word) ?? [];
  return name === "" ? escaped(word) : escaped(lead) + code(name) + escaped(tail);
}

function escaped(word: string): string {
  return word.replaceAll(/[\\`*_{}[\]<>()#+!|~&$]|^(?:[-=]|\d+[.)])/g, (found) => found.replace(/[^\d]/, "\\$&"));
}

/** For commit messages, which know no escapes: what would ping, link or close something is broken up by a space. */
export function defused(text: string): string {
  return oneLine(text)
    .replaceAll(/[@#](?=\S)/g, "$& ")
    .replaceAll(/(GH-)(?=\d)/gi, "$1 ")
    .replaceAll(/:\/\/(?=\S)/g, ":// ");
}
