import { checkDocuments } from "../../schemas/check-documents.ts";
import type { InitCheckOutput } from "../../schemas/output/parts/init-check.ts";
import { ProblemError } from "../../schemas/problem.ts";
import { isDocument } from "../../schemas/tree.ts";
import type { Context, Remote } from "../context.ts";
import type { Input } from "../flags.ts";
import type { DocumentFacts } from "../gitops/core/readiness/facts.ts";
import type { Finding } from "../gitops/core/readiness/finding.ts";
import { findingsOf, isReady } from "../gitops/core/readiness/findings.ts";
import type { Outcome } from "../outcome.ts";
import type { Style } from "../style.ts";
import { remoteOf, repositoryOfOrigin } from "./remote.ts";

/** `mmsp init --check`: what mmsp needs of the repository on GitHub, and what of it is not there. Changes nothing anywhere. */
export async function checkInit(input: Input, context: Context): Promise<Outcome> {
  const remote = await remoteOf(input, context, () => repositoryOfOrigin(context));
  const facts = await context.edges.readReadiness(remote);
  const documents = facts === null || facts.base === null ? null : await documentsOf(remote, context);
  const findings = findingsOf(remote, facts, documents);
  const ready = isReady(findings);
  const json: InitCheckOutput = { ready, ...remote, findings };
  return { kind: "report", text: textOf(remote, findings, ready, context.style), json, ok: ready };
}

/** A document that is no text is one that is wrong; that GitHub shows none at all is for the table to say. */
async function documentsOf(remote: Remote, context: Context): Promise<DocumentFacts | null> {
  const forge = await context.edges.openForge(remote);
  try {
    const { files } = await forge.read({ models: null, environments: [] });
    const { tree, problems } = checkDocuments(files);
    return { count: files.size, repository: tree.project?.spec.repository ?? null, problems };
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    const { problems } = error;
    const inDocuments = problems.every(({ file = "" }) => isDocument(file));
    return inDocuments ? { count: problems.length, repository: remote.repository, problems } : null;
  }
}

function textOf(
  { repository, baseBranch }: Remote,
  findings: readonly Finding[],
  ready: boolean,
  style: Style,
): string {
  const width = Math.max(...findings.map(({ code }) => code.length));
  const rows = findings.flatMap((finding) => [
    `${markOf(finding, style)} ${finding.code.padEnd(width)}  ${finding.says}`,
    ...(finding.hint === null ? [] : [`  ${" ".repeat(8 + width)}${style.dim(`hint: ${finding.hint}`)}`]),
  ]);
  return [style.bold(`${repository}, branch ${baseBranch}`), ...rows, "", summaryOf(findings, ready, style), ""].join(
    "\n",
  );
}

function markOf({ state, isRequired }: Finding, style: Style): string {
  const word = state === "missing" && !isRequired ? "advice" : state;
  const colour = { ok: style.green, missing: style.red, advice: style.yellow, unknown: style.yellow }[word];
  return colour(word.padEnd(7));
}

function summaryOf(findings: readonly Finding[], ready: boolean, style: Style): string {
  const missing = findings.filter(({ state, isRequired }) => state === "missing" && isRequired).length;
  if (!ready) return style.red(`${missing} of ${findings.length} points ${missing === 1 ? "is" : "are"} missing`);
  const open = findings.filter(({ state }) => state === "unknown").length;
  const rest = open === 0 ? "" : `; ${open} could not be seen with this token`;
  return `${style.green("nothing that is required is missing")}${rest}`;
}
