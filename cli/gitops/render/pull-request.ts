import type { Change, Share } from "../core/change.ts";
import { list, section, table } from "./markdown.ts";
import { factsTable, metricsTable, signatureDifference, signatureList } from "./model-facts.ts";
import { code, prose } from "./safe-text.ts";
import { trafficSentence } from "./traffic.ts";
import { paramsTable, tagsTable } from "./training-facts.ts";
import { undoing } from "./undo.ts";

/**
 * The body of a pull request, in Markdown, for the person who decides on it: what changes for users, the traffic before and
 * after, of a rollback the verdict and its values, what else to know and how to undo it; then the model, and how it differs
 * from the one whose traffic it takes. Text from outside is shown as text. `beside`: what the pull request says already, of
 * which nothing is said again.
 */
export function pullRequestBody(change: Change, beside = ""): string {
  const parts = [
    trafficSentence(change),
    section("Traffic", trafficTable(change)),
    section("Why", verdict(change)),
    section("Notes", list(change.notices.map((notice) => prose(notice, change.pulls)))),
    section("How to undo", undoing(change)),
    ...modelSections(change, beside),
  ];
  return `${parts.filter((part) => part !== null).join("\n\n")}\n`;
}

function trafficTable({ traffic: { before, after } }: Change): string | null {
  const versions = [...new Set([...after, ...before].map(({ version }) => version))];
  if (versions.length === 0) return null;
  const rows = versions.map((version) => [`${version}`, shareOf(before, version), shareOf(after, version)]);
  return table(["Version", "Before", "After"], rows);
}

function shareOf(shares: readonly Share[], version: number): string {
  const own = shares.filter((share) => share.version === version);
  return own.map(({ phase, percent }) => `${percent} % (${phase})`).join(", ") || "none";
}

/** A verdict of the gateway has taken effect there; what a person wants waits for the merge. */
const judges = { guard: "The guard took", alert: "An alert took", person: "A person takes" } as const;

function verdict({ rejection }: Change): string | null {
  if (rejection === null) return null;
  const { by, version, attempt, phase, at, reason, evidence } = rejection;
  const since = by === "person" ? "" : ` at ${at}`;
  const sentence = `${judges[by]} version ${version} (${phase}, attempt ${attempt}) out${since}: ${code(reason)}`;
  const rows = Object.entries(evidence ?? {}).map(([name, value]) => [code(name, "cell"), code(value, "cell")]);
  return rows.length === 0 ? sentence : `${sentence}\n\n${table(["Evidence", "Value"], rows)}`;
}

/**
 * Of a rollback, the comparison goes from the version that leaves to the one that answers instead; of a registration, from the
 * version before, and the inputs and outputs are told whole.
 */
function modelSections({ verb, subject, replaces, previous = null }: Change, beside: string): readonly string[] {
  const [from, to] = verb === "rollback" && replaces !== null ? [subject, replaces] : [replaces ?? previous, subject];
  if (to === null) return [];
  const whole = verb === "register" && from !== null ? signatureList(to) : null;
  const parts = [
    beside.includes(to.spec.artifact.sha256) ? null : section("Model", factsTable(to, from)),
    section("Signature", whole, signatureDifference(from, to)),
    section("Metrics", metricsTable(from, to)),
    section("Params", paramsTable(from, to)),
    section("Tags", tagsTable(to)),
  ];
  return parts.filter((part) => part !== null).filter((part) => !beside.includes(part));
}
