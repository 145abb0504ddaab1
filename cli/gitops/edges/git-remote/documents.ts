import { maxDocumentBytes } from "../../../../schemas/limits.ts";
import type { Problem } from "../../../../schemas/problem.ts";
import { isDocument, meantPath, modelOf, paths, placeOf, root } from "../../../../schemas/tree.ts";
import type { RemoteSnapshot, Scope } from "../../core/ports.ts";
import { decodeDocument, documentTooLarge } from "../document-bytes.ts";
import type { Clone } from "./clone.ts";

interface Entry {
  readonly path: string;
  readonly oid: string;
  readonly size: number;
}

type Documents = Pick<RemoteSnapshot, "files" | "unreadable" | "environmentNames" | "modelNames">;

/** The documents of a commit that the scope asks for, by two git processes whatever their number. */
export async function readDocuments(clone: Clone, commit: string, scope: Scope): Promise<Documents> {
  const all = await listFiles(clone, commit);
  const wanted = all.filter(({ path }) => isAskedFor(meantPath(path), scope));
  const unreadable = wanted.filter(isTooLarge).map(({ path }) => documentTooLarge(path));
  const files = new Map<string, string>();
  for (const [{ path }, bytes] of await readBlobs(
    clone,
    wanted.filter((entry) => !isTooLarge(entry)),
  )) {
    const text = decodeDocument(bytes);
    if (text === null) unreadable.push(notText(path));
    else files.set(path, text);
  }
  return { files, unreadable, ...namesIn(all) };
}

/** Plain files below `environments/`; links are left out, as they hold paths and no documents. */
async function listFiles({ run }: Clone, commit: string): Promise<readonly Entry[]> {
  const args = ["ls-tree", "-r", "-l", "-z", "--full-tree", commit, "--", `${root}/`];
  const listing = new TextDecoder().decode(await run("reading", args));
  return listing.split("\0").flatMap((line) => {
    const [, oid, size, path] = /^100\d+ blob (\S+) +(\d+)\t([^]*)$/.exec(line) ?? [];
    return oid !== undefined && path !== undefined ? [{ path, oid, size: Number(size) }] : [];
  });
}

function isAskedFor(path: string, { models, environments, deploymentsOf = [] }: Scope): boolean {
  if (!isDocument(path)) return false;
  if (models === null) return true;
  const model = modelOf(path);
  const [, folder = ""] = path.split("/");
  if (model === null) return path === paths.project || environments.includes(folder);
  if (deploymentsOf.includes(folder)) return true;
  return models.includes(model) && (folder === "registry" || environments.includes(folder));
}

/** An environment is a folder with an environment.yaml in it; a model is a folder of the registry. */
function namesIn(files: readonly Entry[]): Pick<Documents, "environmentNames" | "modelNames"> {
  const environments: string[] = [];
  const models = new Set<string>();
  for (const { path } of files) {
    const place = placeOf(path);
    if (place?.kind === "environment") environments.push(place.environment);
    const [, folder, model] = path.split("/");
    if (folder === "registry" && model !== undefined && path.split("/").length > 3) models.add(model);
  }
  return { environmentNames: environments.toSorted(), modelNames: [...models].toSorted() };
}

async function readBlobs(
  { run }: Clone,
  entries: readonly Entry[],
): Promise<readonly (readonly [Entry, Uint8Array])[]> {
  if (entries.length === 0) return [];
  const output = await run("reading", ["cat-file", "--batch"], entries.map(({ oid }) => `${oid}\n`).join(""));
  let at = 0;
  return entries.map((entry) => {
    // `<oid> blob <size>\n<content>\n`
    const start = output.indexOf(10, at) + 1;
    at = start + entry.size + 1;
    return [entry, output.subarray(start, start + entry.size)] as const;
  });
}

function isTooLarge({ size }: Entry): boolean {
  return size > maxDocumentBytes;
}

function notText(file: string): Problem {
  return { code: "document-not-text", file, message: "is not UTF-8 text", hint: "save it as UTF-8 and commit it" };
}
