import { variableGroups } from "../../schemas/variables.ts";
import type { CommandInfo } from "../command.ts";
import { everyFlag, type Flags } from "../flags.ts";
import { exitCodes } from "../help.ts";

/** The commands as the README tells them: a table of all, then each with its flags and examples, folded away. */
export function renderCommands(commands: Readonly<Record<string, CommandInfo>>): string {
  const all = Object.entries(commands);
  return [
    table(
      ["command", "what it does"],
      all.map(([name, { summary }]) => [`[\`${name}\`](#mmsp-${name})`, cell(summary)]),
    ),
    "Flags of every command:",
    flagTable(everyFlag({})),
    table(
      ["exit code", "meaning"],
      exitCodes.map(([code, meaning]) => [String(code), meaning]),
    ),
    ...all.map(([name, info]) => renderCommand(name, info)),
  ].join("\n\n");
}

/** The variables as the README tells them. */
export function renderVariables(): string {
  return variableGroups
    .map(({ title, note, variables }) => {
      const rows = variables.map(({ name, meaning }) => [code(name), cell(meaning)]);
      return `**${title}.** ${note}\n\n${table(["variable", "meaning"], rows)}`;
    })
    .join("\n\n");
}

/** The text with what stands between `<!-- NAME -->` and `<!-- end of NAME -->` made new. Throws where a mark is missing. */
export function withSection(text: string, name: string, section: string): string {
  const [begin, end] = [`<!-- ${name} -->\n`, `<!-- end of ${name} -->\n`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`no ${begin.trim()} before ${end.trim()}`);
  return `${text.slice(0, from)}${begin}\n${section}\n\n${text.slice(to)}`;
}

function renderCommand(name: string, { summary, usage, details, flags, examples }: CommandInfo): string {
  const line = `mmsp ${name}${usage === "" ? "" : ` ${usage}`}`;
  return [
    `<details id="mmsp-${name}">\n<summary><code>mmsp ${name}</code>: ${html(summary)}</summary>`,
    fenced("", line),
    ...(details === undefined ? [] : [isLaidOut(details) ? fenced("", details) : details]),
    ...(Object.keys(flags).length === 0 ? [] : [flagTable(flags)]),
    fenced("sh", examples.join("\n")),
    `What \`--json\` prints: [schemas/json/output/${name}.json](schemas/json/output/${name}.json)`,
    "</details>",
  ].join("\n\n");
}

/** Lines that stand below each other as in a table. */
function isLaidOut(text: string): boolean {
  return text.split("\n").some((line) => /\S {2,}\S/.test(line));
}

function flagTable(flags: Flags): string {
  const rows = Object.entries(flags).map(([name, { short, value, help }]) => {
    const long = `--${name}${value === undefined ? "" : ` ${value}`}`;
    return [code(short === undefined ? long : `-${short}, ${long}`), cell(help)];
  });
  return table(["flag", "what it does"], rows);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

/** Code in a cell of a table, where a bar would end the cell. */
function code(text: string): string {
  return `\`${text.replaceAll("|", "\\|")}\``;
}

/** Text in a cell: one line, and what it says of flags and files is no markup. */
function cell(text: string): string {
  return html(text).replaceAll("\n", "<br>").replaceAll("|", "\\|");
}

function html(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function fenced(language: string, text: string): string {
  return `\`\`\`${language}\n${text}\n\`\`\``;
}
