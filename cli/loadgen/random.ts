/**
 * Uniform numbers in [0, 1) from a 32-bit seed, the same for the same seed on every machine. A Weyl sequence through the
 * finaliser of MurmurHash3 (A. Appleby, public domain): good enough for test data, nothing for secrets.
 */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    mixed ^= mixed >>> 16;
    return (mixed >>> 0) / 2 ** 32;
  };
}
