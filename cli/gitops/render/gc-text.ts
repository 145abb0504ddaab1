import { bytesOf } from "../../../schemas/artifact.ts";
import type { Removal } from "../core/gc.ts";
import { size } from "../core/size.ts";
import { list, section, table } from "./markdown.ts";
import { code, prose } from "./safe-text.ts";

/** Lines of a commit message before it says how many more there are; a pull request has room for more. */
const maxLines = 20;
const maxRows = 200;

export function gcTitle(removals: readonly Removal[]): string {
  const [first] = removals;
  if (first !== undefined && removals.length === 1) return `Remove ${nameOf(first)}, which nothing serves`;
  return `Remove ${removals.length} versions that nothing serves`;
}

/** Its trailer is the same for every collection, so that an open pull request is known again. */
export function gcMessage(removals: readonly Removal[], bytes: number): string {
  const named = removals.slice(0, maxLines).map((removal) => `- ${nameOf(removal)} (${lastServedText(removal)})`);
  const more = removals.length > maxLines ? [`- and ${removals.length - maxLines} more`] : [];
  const freed = `No environment names them. The artifacts that go with them have ${size(bytes)}.`;
  return [gcTitle(removals), [freed, ...named, ...more].join("\n"), "mmsp-change: gc registry"].join("\n\n") + "\n";
}

/** What goes, what that frees, how to undo it; `window` as the command line said it. */
export function gcBody(removals: readonly Removal[], bytes: number, window: string): string {
  const rows = removals.slice(0, maxRows).map((removal) => {
    const { artifact } = removal.document.spec;
    return [
      nameOf(removal),
      code(`sha256:${artifact.sha256.slice(0, 12)}`, "cell"),
      size(bytesOf(artifact)),
      lastServedText(removal),
    ];
  });
  const more = removals.length > maxRows ? [`and ${removals.length - maxRows} more`] : [];
  const outside = removals.some((removal) => removal.outside.length > 0)
    ? ["Files in stores outside the repository stay until this is merged: then `mmsp gc --store --apply` removes them."]
    : [];
  const parts = [
    prose(
      `Nothing changes for users: no environment and no open pull request names these versions, and none has served within ${window}.`,
    ),
    table(["Version", "Digest", "Size", "Last served"], rows),
    ...more,
    list([`Artifacts in the repository that go with them: ${size(bytes)}.`, ...outside]),
    section("How to undo", "Revert the merge: registry entries and artifacts come back as they were."),
  ];
  return `${parts.filter((part) => part !== null && part !== "").join("\n\n")}\n`;
}

function nameOf({ document: { spec } }: Removal): string {
  return `${spec.model} ${spec.version}`;
}

export function lastServedText({ lastServed }: Pick<Removal, "lastServed">): string {
  return lastServed === null ? "never served" : `served until ${new Date(lastServed).toISOString().slice(0, 10)}`;
}
