/** What the operating system said, for people: `permission denied (EACCES)`. */
export function systemReason(error: unknown): string {
  const code = codeOf(error);
  const known: Readonly<Record<string, string>> = {
    EACCES: "permission denied",
    EPERM: "the operation is not permitted",
    EROFS: "the file system is read-only",
    ENOSPC: "no space is left on the device",
    ENOTDIR: "a part of the path is not a folder",
    EISDIR: "there is a folder in its place",
    EEXIST: "something else is in its place",
    ELOOP: "its symbolic links go round in circles",
    ENAMETOOLONG: "the name is too long",
    EMFILE: "too many files are open",
    EIO: "the disk gave an input/output error",
  };
  if (code === null) return error instanceof Error ? error.message : String(error);
  return `${known[code] ?? "the operating system refused"} (${code})`;
}

/** `ENOENT` and its like; null for anything that the operating system did not throw. */
export function codeOf(error: unknown): string | null {
  const code = error instanceof Error && "code" in error ? error.code : null;
  return typeof code === "string" ? code : null;
}
