import { existsSync, readdirSync, readFileSync, statSync, type Dirent } from "node:fs";
import { join, sep } from "node:path";
import { maxDocumentBytes } from "../../../schemas/limits.ts";
import { fail, ProblemError, type Problem } from "../../../schemas/problem.ts";
import { type DocumentKind, meantPath, paths, placeOf, root } from "../../../schemas/tree.ts";
import type { Scope, Snapshot } from "../core/ports.ts";
import { decodeDocument, documentTooLarge } from "./document-bytes.ts";
import { resolveInside } from "./safe-path.ts";
import { codeOf, systemReason } from "./system-error.ts";

/** As a port's scope; `environments: null` stands for all of them. */
interface AnyScope {
  readonly models: Scope["models"];
  readonly environments: Scope["environments"] | null;
  /** Only documents of these kinds; default all. */
  readonly kinds?: ReadonlySet<DocumentKind> | undefined;
}

/** A file or folder: its path in the repository, and where it really is, all links of its folders followed. */
interface Located {
  readonly path: string;
  readonly place: string;
}

interface Entry extends Located {
  readonly name: string;
  readonly kind: "file" | "folder" | "link" | "other";
}

const registry = "registry";

/** Folders with an environment.yaml, and folders of the registry; sorted. */
export function readNames(rootDir: string): Pick<Snapshot, "environmentNames" | "modelNames"> {
  const environments = foldersIn(rootDir, locate(rootDir, root)).map((folder) => folder.name);
  return {
    environmentNames: environments.filter(
      (name) => name !== registry && existsSync(join(rootDir, paths.environment(name))),
    ),
    modelNames: foldersIn(rootDir, locate(rootDir, `${root}/${registry}`)).map((folder) => folder.name),
  };
}

/** path -> text of the documents in a scope, and what is wrong with every file that is no readable text. */
export function readDocuments(rootDir: string, scope: AnyScope): Pick<Snapshot, "files" | "unreadable"> {
  const files = new Map<string, string>();
  const unreadable: Problem[] = [];
  for (const document of documentsIn(rootDir, scope)) {
    try {
      files.set(document.path, readText(rootDir, document));
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      unreadable.push(...error.problems);
    }
  }
  return { files, unreadable };
}

function documentsIn(rootDir: string, scope: AnyScope): Entry[] {
  const within = (path: string, names: readonly string[] | null): Located[] =>
    names === null
      ? foldersIn(rootDir, locate(rootDir, path))
      : names.map((name) => locate(rootDir, `${path}/${name}`));
  const { models, kinds } = scope;
  const isRead = (kind: DocumentKind): boolean => kinds?.has(kind) ?? true;
  const versions = isRead("version")
    ? within(`${root}/${registry}`, models).flatMap((model) => foldersIn(rootDir, model))
    : [];
  const environments = within(root, scope.environments).filter((folder) => folder.path !== `${root}/${registry}`);
  const deployments = environments.flatMap((environment) => within(`${environment.path}/models`, models));
  // A document whose extension is .yml is read too, so that somebody tells that it counts for nothing.
  return [locate(rootDir, root), ...versions, ...environments, ...deployments].flatMap(entriesIn).filter(({ path }) => {
    const place = placeOf(meantPath(path));
    return place !== null && isRead(place.kind);
  });
}

function locate(rootDir: string, path: string): Located {
  return { path, place: resolveInside(rootDir, path) };
}

function foldersIn(rootDir: string, folder: Located): Entry[] {
  return entriesIn(folder)
    .map((entry) => (entry.kind === "link" ? followed(rootDir, entry) : entry))
    .filter((entry) => entry.kind === "folder");
}

function followed(rootDir: string, link: Entry): Entry {
  const { place } = locate(rootDir, link.path);
  return { ...link, place, kind: statSync(place).isDirectory() ? "folder" : "other" };
}

/** What a folder holds, by name, without hidden files; nothing where there is no such folder. */
function entriesIn(folder: Located): Entry[] {
  try {
    const entries: Entry[] = [];
    for (const entry of readdirSync(folder.place, { withFileTypes: true })) {
      const { name } = entry;
      if (name.startsWith(".")) continue;
      entries.push({ name, path: `${folder.path}/${name}`, place: folder.place + sep + name, kind: kindOf(entry) });
    }
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (cause) {
    if (["ENOENT", "ENOTDIR"].includes(codeOf(cause) ?? "")) return [];
    const message = `cannot be listed: ${systemReason(cause)}`;
    return fail({ code: "folder-unreadable", file: folder.path, message, hint: "check its permissions" }, { cause });
  }
}

function kindOf(entry: Dirent): Entry["kind"] {
  if (entry.isFile()) return "file";
  if (entry.isDirectory()) return "folder";
  return entry.isSymbolicLink() ? "link" : "other";
}

/** Byte for byte what the file says, a byte order mark included, because edits are written back. */
function readText(rootDir: string, document: Entry): string {
  const { path, place } = document.kind === "link" ? locate(rootDir, document.path) : document;
  return (document.kind === "file" ? readPlainly(place) : null) ?? readCarefully(path, place);
}

/** Two calls fewer for each of what may be thousands of files; null where there may be something wrong with this one. */
function readPlainly(place: string): string | null {
  try {
    const text = readFileSync(place, "utf8");
    // A character has at most 3 bytes a unit, and what is no UTF-8 was replaced.
    return text.length > maxDocumentBytes / 3 || /[\0\ufffd]/.test(text) ? null : text;
  } catch {
    return null;
  }
}

function readCarefully(path: string, place: string): string {
  const text = decodeDocument(readBytes(path, place));
  if (text !== null) return text;
  return fail({ code: "document-not-text", file: path, message: "is not UTF-8 text", hint: "save it as UTF-8" });
}

function readBytes(file: string, place: string): Uint8Array {
  try {
    // Looked at before it is opened: a pipe or a device could make a read wait for ever.
    const found = statSync(place);
    if (!found.isFile()) {
      fail({ code: "file-not-regular", file, message: "is not a regular file", hint: "remove or rename it" });
    }
    if (found.size <= maxDocumentBytes) return readFileSync(place);
  } catch (cause) {
    if (cause instanceof ProblemError) throw cause;
    const message = `could not be read: ${systemReason(cause)}`;
    fail({ code: "file-unreadable", file, message, hint: "check its permissions" }, { cause });
  }
  return fail(documentTooLarge(file));
}
