import type { Problem } from "../schemas/problem.ts";

/**
 * A problem as a workflow command of GitHub Actions, which shows it beside the line of the file.
 * https://docs.github.com/actions/reference/workflow-commands-for-github-actions#setting-an-error-message
 * `folder`: of the documents' root inside the repository, empty where they are the same.
 */
export function annotation(problem: Problem, folder: string, level: "error" | "notice" = "error"): string {
  const { file, line, column, path = "", message, hint, code } = problem;
  const properties = Object.entries({
    file: file === undefined || folder === "" ? file : `${folder}/${file}`,
    line,
    col: column,
    title: `mmsp: ${code}`,
  }).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${escapeProperty(String(value))}`]));
  const text = `${path === "" ? "" : `${path}: `}${message}\nhint: ${hint}`;
  return `::${level} ${properties.join(",")}::${escapeData(text)}\n`;
}

/** One line, whatever it holds: a line that starts with `::` would be a command of its own. */
function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
