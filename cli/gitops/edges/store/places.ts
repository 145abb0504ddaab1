import { downloaded, type Downloading } from "./address.ts";
import { openArtifactStore } from "./open.ts";
import type { Variables } from "./s3/access.ts";

/** A file outside the repository: in a store (`file://`, `s3://`), or by reference. */
export type OutsidePlace = { readonly store: string; readonly key: string } | { readonly uri: string };

/**
 * How whoever serves models reads them: in pieces, from wherever they are. Throws what people can read; a file of a store is
 * held against the digest in its key, one by reference is the reader's to verify.
 */
export function readPlaces(
  env: Variables,
  downloading?: Downloading,
): (place: OutsidePlace) => AsyncIterable<Uint8Array> {
  const nowhere = { readFile: () => Promise.resolve(null) };
  return async function* (place) {
    if ("uri" in place) yield* downloaded(place.uri, downloading);
    else yield* (await openArtifactStore(place.store, nowhere, env).find(place.key)).stream();
  };
}
