/** Git's own formats of trees and commits, as values. */

export interface TreeEntry {
  readonly name: string;
  /** As git writes it: 100644, 100755, 120000, 40000, 160000. */
  readonly mode: string;
  readonly oid: string;
}

export interface Person {
  readonly name: string;
  readonly email: string;
  readonly date: Date;
}

export interface Commit {
  readonly oid: string;
  readonly tree: string;
  readonly parents: readonly string[];
  readonly author: Person;
  readonly committer: Person;
  readonly message: string;
}

const OID_BYTES = 20;

/** The type of what a tree entry's mode points to. */
export function entryType(mode: string): "blob" | "tree" | "commit" {
  if (mode === "40000") return "tree";
  return mode === "160000" ? "commit" : "blob";
}

/** The mode with six digits, as the REST API writes it. */
export function paddedMode(mode: string): string {
  return mode.padStart(6, "0");
}

/** `<mode> SP <name> NUL <20 bytes of oid>`, one after the other. */
export function parseTree(bytes: Buffer): readonly TreeEntry[] {
  const entries: TreeEntry[] = [];
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(32, at);
    const nul = bytes.indexOf(0, space);
    const end = nul + 1 + OID_BYTES;
    entries.push({
      mode: bytes.toString("latin1", at, space),
      name: bytes.toString("utf8", space + 1, nul),
      oid: bytes.toString("hex", nul + 1, end),
    });
    at = end;
  }
  return entries;
}

/** The inverse of {@link parseTree}, in git's order: a folder sorts as if its name ended with a slash. */
export function formatTree(entries: readonly TreeEntry[]): Buffer {
  const key = (entry: TreeEntry) => Buffer.from(entryType(entry.mode) === "tree" ? `${entry.name}/` : entry.name);
  const sorted = [...entries].sort((a, b) => Buffer.compare(key(a), key(b)));
  return Buffer.concat(
    sorted.flatMap((entry) => [Buffer.from(`${entry.mode} ${entry.name}\0`), Buffer.from(entry.oid, "hex")]),
  );
}

export function parseCommit(oid: string, bytes: Buffer): Commit {
  const text = bytes.toString("utf8");
  const split = text.indexOf("\n\n");
  const headers = (split === -1 ? text : text.slice(0, split)).split("\n");
  const values = (name: string) =>
    headers.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1));
  const first = (name: string) => values(name)[0] ?? "";
  return {
    oid,
    tree: first("tree"),
    parents: values("parent"),
    author: parsePerson(first("author")),
    committer: parsePerson(first("committer")),
    message: split === -1 ? "" : text.slice(split + 2).replace(/\n+$/, ""),
  };
}

export type NewCommit = Omit<Commit, "oid">;

/** The inverse of {@link parseCommit}; times are written in UTC. */
export function formatCommit({ tree, parents, author, committer, message }: NewCommit): Buffer {
  const headers = [
    `tree ${tree}`,
    ...parents.map((parent) => `parent ${parent}`),
    `author ${formatPerson(author)}`,
    `committer ${formatPerson(committer)}`,
  ];
  return Buffer.from(`${headers.join("\n")}\n\n${message.replace(/\n*$/, "\n")}`);
}

/** What would end the name or the address early is left out, as git does. */
function formatPerson({ name, email, date }: Person): string {
  const plain = (text: string) => text.replaceAll(/[<>\n\0]/g, "").trim();
  return `${plain(name)} <${plain(email)}> ${Math.floor(date.getTime() / 1000)} +0000`;
}

function parsePerson(text: string): Person {
  const match = /^(.*?) ?<([^>]*)> (-?\d+) [+-]\d{4}$/.exec(text);
  const [, name = "", email = "", seconds = "0"] = match ?? [];
  return { name, email, date: new Date(Number(seconds) * 1000) };
}

/** A commit message's first line, and what follows the blank line after it. */
export function splitMessage(message: string): { headline: string; body: string } {
  const end = message.indexOf("\n");
  if (end === -1) return { headline: message, body: "" };
  return { headline: message.slice(0, end), body: message.slice(end).trim() };
}

/** A point in time as GitHub writes it: UTC, whole seconds. */
export function timestamp(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}
