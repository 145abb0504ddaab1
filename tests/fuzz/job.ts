/** What a part of the fuzzer is asked for. */
export interface FuzzJob {
  readonly seed: number;
  readonly limitMs: number;
  /** Histories, or cases. */
  readonly most: number;
  /** Only what follows from this very seed, told in full. */
  readonly isSingle: boolean;
}

export interface Counts {
  passed: number;
  failed: number;
}

export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
