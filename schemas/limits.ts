/** The largest manifest that is read. What people write has a few hundred lines. */
export const maxDocumentBytes = 1024 * 1024;

/** Evidence is untrusted text that ends in a pull request: 1 KiB in all. */
export const maxEvidenceBytes = 1024;

/** Folder names under environments/ and models/ that mean something else. */
export const reservedNames = ["registry", "kustomization", "platform", "models", "mmsp"] as const;

export function isReserved(name: string): boolean {
  return reservedNames.some((reserved) => reserved === name);
}

/** What to do about a name that is reserved. */
export const otherNameHint = `choose another name: ${reservedNames.join(", ")} mean something else here`;

/** Params and tags of a training run are untrusted text in a document that people review: entries of each kind. */
export const maxParams = 64;
export const maxTags = 32;

/** UTF-16 units of their names and values. */
export const maxTrainingKey = 128;
export const maxTrainingValue = 256;
