/**
 * Files that the single-file executable holds: path in the package -> where it can be read. The build writes what belongs
 * here; a clone and an installed package have their files where they are.
 */
export const files: Readonly<Record<string, string>> = {};
